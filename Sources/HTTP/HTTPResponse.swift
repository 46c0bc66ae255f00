/// A final response. The connection adds `Date`, `Content-Length` and `Connection`.
package struct HTTPResponse: Sendable, Equatable {
    /// Final: interim responses are the connection's own.
    package var status: HTTPStatus
    /// A `Connection: close` here closes the connection after the response.
    package var headers: HTTPFields
    /// The content, without a transfer coding; not sent to HEAD, nor where the status allows none.
    package var body: [UInt8]

    /// Takes the parts as they are: the encoder drops and cleans what must not reach the wire.
    package init(status: HTTPStatus, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
