/// What happens to connections, for who counts it. Called on the connections' queues: it counts and does not block.
package protocol HTTPObserver: Sendable {
    /// Takes note of one event.
    func observe(_ event: HTTPServerEvent)
}

/// What happens to connections.
package enum HTTPServerEvent: Sendable, Equatable {
    /// A connection was taken; it is closed sooner or later.
    case opened
    /// A connection was taken that is over a limit: it is told so, and closed.
    case refused(HTTPError)
    /// A connection was closed without a word: over every limit, or while the server stops, or for want of memory.
    case dropped
    case closed
    /// Bytes came from a client, and the connection's encryption among them.
    case received(Int)
    /// Bytes were taken by the system for a client.
    case sent(Int)
    /// The TLS handshake failed, or the encryption was broken.
    case encryptionFailed
    /// The connection was closed for the time that it took.
    case timedOut(HTTPTimeout)
    /// The client has gone before its request was complete. Of one that is being answered the handler's task is cancelled.
    case incomplete(HTTPRequestHead)
    /// The client has gone before it had all of its answer.
    case unread(HTTPRequestHead)
}

/// The times after which a connection is closed without an answer.
package enum HTTPTimeout: String, Sendable, CaseIterable {
    /// Between requests.
    case idle
    /// The client took nothing of its answer, or too little.
    case write
    /// The TLS handshake was not finished.
    case handshake
}
