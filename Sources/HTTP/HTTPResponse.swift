/// A final response. The connection adds `Date`, `Content-Length` and `Connection`.
package struct HTTPResponse: Sendable, Equatable {
    package var status: HTTPStatus
    /// A `Connection: close` here closes the connection after the response.
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(status: HTTPStatus, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
