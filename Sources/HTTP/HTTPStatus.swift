/// A response status: the code and its reason phrase (RFC 9110, section 15).
package struct HTTPStatus: Hashable, Sendable, CustomStringConvertible {
    /// The three-digit code, 200...599: interim responses are the connection's own.
    package let code: Int
    /// The text after the code in the status line.
    package let reasonPhrase: String

    /// - Precondition: `code` lies in 200...599.
    package init(code: Int, reasonPhrase: String) {
        precondition((200...599).contains(code), "a final status code lies in 200...599, not \(code)")
        self.code = code
        self.reasonPhrase = reasonPhrase
    }

    /// RFC 9110, section 15.3.1.
    package static let ok = HTTPStatus(code: 200, reasonPhrase: "OK")
    /// The work goes on after the answer (RFC 9110, section 15.3.3).
    package static let accepted = HTTPStatus(code: 202, reasonPhrase: "Accepted")
    /// The answer to `OPTIONS *` (RFC 9110, section 15.3.5).
    package static let noContent = HTTPStatus(code: 204, reasonPhrase: "No Content")
    /// Not sound HTTP, or content that cannot be read (RFC 9110, section 15.5.1).
    package static let badRequest = HTTPStatus(code: 400, reasonPhrase: "Bad Request")
    /// Credentials are missing or wrong; comes with `WWW-Authenticate` (RFC 9110, section 15.5.2).
    package static let unauthorized = HTTPStatus(code: 401, reasonPhrase: "Unauthorized")
    /// No route has the path (RFC 9110, section 15.5.5).
    package static let notFound = HTTPStatus(code: 404, reasonPhrase: "Not Found")
    /// The path lacks the method; comes with `Allow` (RFC 9110, section 15.5.6).
    package static let methodNotAllowed = HTTPStatus(code: 405, reasonPhrase: "Method Not Allowed")
    /// Head or body took too long (RFC 9110, section 15.5.9).
    package static let requestTimeout = HTTPStatus(code: 408, reasonPhrase: "Request Timeout")
    /// The state of what is asked for does not allow it (RFC 9110, section 15.5.10).
    package static let conflict = HTTPStatus(code: 409, reasonPhrase: "Conflict")
    /// A body was due and none announced (RFC 9110, section 15.5.12).
    package static let lengthRequired = HTTPStatus(code: 411, reasonPhrase: "Length Required")
    /// The body is over its limit (RFC 9110, section 15.5.14).
    package static let contentTooLarge = HTTPStatus(code: 413, reasonPhrase: "Content Too Large")
    /// The request line is over its limit (RFC 9110, section 15.5.15).
    package static let uriTooLong = HTTPStatus(code: 414, reasonPhrase: "URI Too Long")
    /// Another media type or content coding than the route reads (RFC 9110, section 15.5.16).
    package static let unsupportedMediaType = HTTPStatus(code: 415, reasonPhrase: "Unsupported Media Type")
    /// An expectation other than `100-continue` (RFC 9110, section 15.5.18).
    package static let expectationFailed = HTTPStatus(code: 417, reasonPhrase: "Expectation Failed")
    /// Content that can be read and is not allowed (RFC 9110, section 15.5.21).
    package static let unprocessableContent = HTTPStatus(code: 422, reasonPhrase: "Unprocessable Content")
    /// What the answer depends on failed (RFC 4918, section 11.4).
    package static let failedDependency = HTTPStatus(code: 424, reasonPhrase: "Failed Dependency")
    /// No place in the queue; comes with `Retry-After` (RFC 6585, section 4).
    package static let tooManyRequests = HTTPStatus(code: 429, reasonPhrase: "Too Many Requests")
    /// The header fields are over a limit (RFC 6585, section 5).
    package static let headerFieldsTooLarge = HTTPStatus(code: 431, reasonPhrase: "Request Header Fields Too Large")
    /// The server is at fault (RFC 9110, section 15.6.1).
    package static let internalServerError = HTTPStatus(code: 500, reasonPhrase: "Internal Server Error")
    /// A method or transfer coding that the server does not know (RFC 9110, section 15.6.2).
    package static let notImplemented = HTTPStatus(code: 501, reasonPhrase: "Not Implemented")
    /// Nobody can be served now; comes with `Retry-After` (RFC 9110, section 15.6.4).
    package static let serviceUnavailable = HTTPStatus(code: 503, reasonPhrase: "Service Unavailable")
    /// RFC 9110, section 15.6.5.
    package static let gatewayTimeout = HTTPStatus(code: 504, reasonPhrase: "Gateway Timeout")
    /// Another major version than 1 (RFC 9110, section 15.6.6).
    package static let versionNotSupported = HTTPStatus(code: 505, reasonPhrase: "HTTP Version Not Supported")

    /// There is no room for what is asked for (RFC 4918, section 11.5).
    package static let insufficientStorage = HTTPStatus(code: 507, reasonPhrase: "Insufficient Storage")

    /// Whether a response of this status has content at all (RFC 9110, sections 15.3.5 and 15.4.5).
    var allowsContent: Bool { code != 204 && code != 304 }

    package var description: String { "\(code) \(reasonPhrase)" }
}
