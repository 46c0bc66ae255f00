/// What a peer may cost: sizes in bytes, and times.
package struct HTTPLimits: Sendable {
    /// The longest request line without its line end; a longer one is refused with 414.
    package var maxRequestLineLength = 8 * 1024
    /// The longest head, and the longest trailer section; a longer one is refused with 431.
    package var maxHeadSize = 32 * 1024
    /// The most field lines in a head or a trailer section; more are refused with 431.
    package var maxHeaderCount = 100
    /// The longest body after its transfer coding is removed; a longer one is refused with 413.
    package var maxBodySize = 2_000_000
    /// How long a connection may wait between requests; it is then closed.
    package var idleTimeout = Duration.seconds(60)
    /// How long a head may take from its first byte; then 408.
    package var headTimeout = Duration.seconds(10)
    /// How long a body may pause; then 408.
    package var bodyTimeout = Duration.seconds(30)
    /// How long a body may take before ``minBodyRate`` counts; then 408.
    package var bodyGrace = Duration.seconds(20)
    /// The bytes a second that a body must come to after ``bodyGrace``; 0 asks for none.
    package var minBodyRate = 500
    /// How long a body may take in all; then 408.
    package var bodyTotalTimeout = Duration.seconds(300)
    /// How long a response may wait for the client to take any of it; the connection is then closed.
    package var writeTimeout = Duration.seconds(30)
    /// How long a client may take for the whole of a response.
    package var writeTotalTimeout = Duration.seconds(300)
    /// The bytes a second that a client must take of a response after the first ``writeTimeout``; 0 asks for none.
    package var minWriteRate = 500
    /// How many bytes of a stream wait for the client to take them, before the stream has to wait.
    package var maxStreamedAhead = 64 * 1024
    /// How long a connection may take to agree on its encryption.
    package var handshakeTimeout = Duration.seconds(10)
    /// How long a connection that is being closed may pause while the client finishes (RFC 9112, section 9.6).
    package var lingerTimeout = Duration.seconds(2)
    /// How long a connection that is being closed waits for the client in all.
    package var lingerTotalTimeout = Duration.seconds(10)
    /// How many bytes of a connection that is being closed are read and dropped.
    package var maxLingerSize = 32 * 1024 * 1024
    /// How many unread bytes of later requests a connection holds while one request is answered; the rest waits in
    /// the socket.
    package var maxPipelinedSize = 64 * 1024
    /// How many connections are served at once; one more is answered with 503.
    package var maxConnections = 4096
    /// How many of them one peer may have, by its address; one more is answered with 429.
    package var maxConnectionsPerPeer = 1024
    /// How many requests a connection may carry; the last one's answer closes it.
    package var maxRequestsPerConnection = 1_000_000
    /// What the requests and responses of all connections may come to; a body that passes it is refused with 503.
    package var maxBufferedSize = 256 * 1024 * 1024

    /// The defaults of docs/operations.md.
    package init() {}
}
