/// What a response holds.
package enum HTTPContent: Sendable, Equatable {
    /// All of it at once, without a transfer coding.
    case bytes([UInt8])
    /// Bytes that come to be while they are sent: chunked, or up to the connection's end for HTTP/1.0.
    case stream(HTTPBodyStream)
}

/// Content that is written while it comes to be.
///
/// A class: a stream is equal to itself alone, and what it holds ends with it, whether it was ever begun or not.
package final class HTTPBodyStream: Sendable, Equatable {
    private let produce: @Sendable (HTTPBodyWriter) async -> Void

    /// - Parameter produce: writes the content and returns when it is complete; its task is cancelled when the client has
    ///   gone. Called at most once.
    package init(_ produce: @escaping @Sendable (HTTPBodyWriter) async -> Void) {
        self.produce = produce
    }

    /// Writes the content.
    package func run(_ writer: HTTPBodyWriter) async {
        await produce(writer)
    }

    package static func == (left: HTTPBodyStream, right: HTTPBodyStream) -> Bool { left === right }
}

/// Where a stream's content goes.
package struct HTTPBodyWriter: Sendable {
    private let send: @Sendable ([UInt8]) async -> Void

    /// - Parameter send: takes bytes, and returns when more may come.
    package init(_ send: @escaping @Sendable ([UInt8]) async -> Void) {
        self.send = send
    }

    /// Sends the bytes as one chunk, and returns when the client has taken all but a little of what was sent so far: who
    /// reads slowly holds up who writes. Returns at once when the client has gone.
    package func write(_ bytes: [UInt8]) async {
        guard !bytes.isEmpty else { return }
        await send(bytes)
    }
}
