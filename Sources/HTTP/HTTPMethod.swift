/// A request method (RFC 9110, section 9): a case-sensitive token.
package struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The token as it stands in the request line.
    package let rawValue: String

    /// Any token, recognised or not.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Reads a resource (RFC 9110, section 9.3.1).
    package static let get = HTTPMethod(rawValue: "GET")
    /// GET without the content (RFC 9110, section 9.3.2).
    package static let head = HTTPMethod(rawValue: "HEAD")
    /// Has the resource process the content (RFC 9110, section 9.3.3).
    package static let post = HTTPMethod(rawValue: "POST")
    /// Replaces a resource (RFC 9110, section 9.3.4).
    package static let put = HTTPMethod(rawValue: "PUT")
    /// Changes a resource in part (RFC 5789).
    package static let patch = HTTPMethod(rawValue: "PATCH")
    /// Removes a resource (RFC 9110, section 9.3.5).
    package static let delete = HTTPMethod(rawValue: "DELETE")
    /// Asks what is allowed; the only method for the target `*` (RFC 9110, section 9.3.7).
    package static let options = HTTPMethod(rawValue: "OPTIONS")
    /// Asks for the request back (RFC 9110, section 9.3.8).
    package static let trace = HTTPMethod(rawValue: "TRACE")

    /// The methods that the server recognises; any other token is answered with 501 (RFC 9110, section 9.1).
    ///
    /// CONNECT is not among them: it asks for a tunnel, which only a proxy can give.
    static let recognized: Set<HTTPMethod> = [.get, .head, .post, .put, .patch, .delete, .options, .trace]

    /// Whether a request without a length is refused with 411, because the method is meant to carry content.
    var requiresLength: Bool {
        self == .post || self == .put || self == .patch
    }

    package var description: String { rawValue }
}
