/// A request method (RFC 9110, section 9): a case-sensitive token.
package struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The token as it stands in the request line.
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let get = HTTPMethod(rawValue: "GET")
    package static let head = HTTPMethod(rawValue: "HEAD")
    package static let post = HTTPMethod(rawValue: "POST")
    package static let put = HTTPMethod(rawValue: "PUT")
    package static let patch = HTTPMethod(rawValue: "PATCH")
    package static let delete = HTTPMethod(rawValue: "DELETE")
    package static let options = HTTPMethod(rawValue: "OPTIONS")
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
