/// A final response. The connection adds `Date`, the content's framing and `Connection`.
package struct HTTPResponse: Sendable, Equatable {
    /// Final: interim responses are the connection's own.
    package var status: HTTPStatus
    /// A `Connection: close` here closes the connection after the response.
    package var headers: HTTPFields
    /// Not sent to HEAD, nor where the status allows none.
    package var content: HTTPContent

    /// Takes the parts as they are: the encoder drops and cleans what must not reach the wire.
    package init(status: HTTPStatus, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        content = .bytes(body)
    }

    /// A response whose content comes to be while it is sent.
    package init(status: HTTPStatus, headers: HTTPFields = [:], stream: HTTPBodyStream) {
        self.status = status
        self.headers = headers
        content = .stream(stream)
    }

    /// The content that is there at once; none of a stream.
    package var body: [UInt8] {
        get {
            switch content {
            case .bytes(let bytes): bytes
            case .stream: []
            }
        }
        set { content = .bytes(newValue) }
    }
}
