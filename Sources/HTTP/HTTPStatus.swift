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

    package static let ok = HTTPStatus(code: 200, reasonPhrase: "OK")
    package static let noContent = HTTPStatus(code: 204, reasonPhrase: "No Content")
    package static let badRequest = HTTPStatus(code: 400, reasonPhrase: "Bad Request")
    package static let notFound = HTTPStatus(code: 404, reasonPhrase: "Not Found")
    package static let methodNotAllowed = HTTPStatus(code: 405, reasonPhrase: "Method Not Allowed")
    package static let requestTimeout = HTTPStatus(code: 408, reasonPhrase: "Request Timeout")
    package static let lengthRequired = HTTPStatus(code: 411, reasonPhrase: "Length Required")
    package static let contentTooLarge = HTTPStatus(code: 413, reasonPhrase: "Content Too Large")
    package static let uriTooLong = HTTPStatus(code: 414, reasonPhrase: "URI Too Long")
    package static let unsupportedMediaType = HTTPStatus(code: 415, reasonPhrase: "Unsupported Media Type")
    package static let expectationFailed = HTTPStatus(code: 417, reasonPhrase: "Expectation Failed")
    package static let unprocessableContent = HTTPStatus(code: 422, reasonPhrase: "Unprocessable Content")
    package static let failedDependency = HTTPStatus(code: 424, reasonPhrase: "Failed Dependency")
    package static let tooManyRequests = HTTPStatus(code: 429, reasonPhrase: "Too Many Requests")
    package static let headerFieldsTooLarge = HTTPStatus(code: 431, reasonPhrase: "Request Header Fields Too Large")
    package static let internalServerError = HTTPStatus(code: 500, reasonPhrase: "Internal Server Error")
    package static let notImplemented = HTTPStatus(code: 501, reasonPhrase: "Not Implemented")
    package static let serviceUnavailable = HTTPStatus(code: 503, reasonPhrase: "Service Unavailable")
    package static let versionNotSupported = HTTPStatus(code: 505, reasonPhrase: "HTTP Version Not Supported")

    /// Whether a response of this status has content at all (RFC 9110, sections 15.3.5 and 15.4.5).
    var allowsContent: Bool { code != 204 && code != 304 }

    package var description: String { "\(code) \(reasonPhrase)" }
}
