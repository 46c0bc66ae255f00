/// How the end of a request's body is found (RFC 9112, section 6.3).
package enum BodyFraming: Sendable, Equatable {
    /// Neither Content-Length nor Transfer-Encoding: there is no body.
    case none
    /// Content-Length, in bytes.
    case length(Int)
    /// Transfer-Encoding: chunked.
    case chunked

    /// Whether at least one byte follows the head.
    var hasBody: Bool { self != .none && self != .length(0) }
}

/// The request line and header fields of a request, checked as a whole.
package struct HTTPRequestHead: Sendable, Equatable {
    /// One of those that the server recognises, where the head was parsed.
    package let method: HTTPMethod
    /// The request target as it was sent.
    package let target: String
    /// The path of the target, percent-encodings kept; `*` for an asterisk-form (RFC 9112, section 3.2.4).
    package let path: String
    /// What follows the first `?` of the target.
    package let query: String?
    /// Decides whether interim responses may be sent and whether the connection is kept by default.
    package let version: HTTPVersion
    /// The field lines as they were sent; their syntax is checked, and `Host` (RFC 9112, section 3.2).
    package let headers: HTTPFields
    /// How long the body is, derived from the fields.
    package let framing: BodyFraming
    /// The numeric address that the request came from; nil of a Unix socket, or where there is no connection.
    package var peer: String?

    /// Takes the parts as they are: the parser checks them.
    package init(
        method: HTTPMethod, target: String, path: String, query: String? = nil, version: HTTPVersion = .http11,
        headers: HTTPFields = [:], framing: BodyFraming = .none
    ) {
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.version = version
        self.headers = headers
        self.framing = framing
    }

    /// Whether the client waits for `100 Continue` before it sends its body.
    ///
    /// From HTTP/1.0 the expectation is ignored, and without a body there is nothing to continue with (RFC 9110,
    /// section 10.1.1).
    var expectsContinue: Bool {
        version == .http11 && framing.hasBody && headers["expect"] != nil
    }

    /// Whether the next request begins right after the head. Where a length was due and is missing, nobody knows.
    var endsRequest: Bool {
        framing == .length(0) || (framing == .none && !method.requiresLength)
    }

    /// Whether the connection outlives this request (RFC 9112, section 9.3).
    var allowsKeepAlive: Bool {
        let options = headers.listElements(of: "connection")
        if options.contains("close") { return false }
        return version == .http11 || options.contains("keep-alive")
    }
}

/// A complete request.
package struct HTTPRequest: Sendable, Equatable {
    /// Request line and header fields.
    package internal(set) var head: HTTPRequestHead
    /// The content, its transfer coding removed.
    package let body: [UInt8]

    /// Takes the parts as they are, whether or not the body is as long as the head says.
    package init(head: HTTPRequestHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// The head's method.
    package var method: HTTPMethod { head.method }
    /// The request target as it was sent.
    package var target: String { head.target }
    /// The path of the target, percent-encodings kept.
    package var path: String { head.path }
    /// What follows the first `?` of the target; nil without one.
    package var query: String? { head.query }
    /// The head's protocol version.
    package var version: HTTPVersion { head.version }
    /// The header fields; those of a trailer section are not among them.
    package var headers: HTTPFields { head.headers }
}
