/// One event of a `text/event-stream` (HTML, section 9.2.5).
struct ServerSentEvent {
    /// Keeps proxies from closing a stream that is silent: clients skip comments.
    static let ping = Array(": ping\n\n".utf8)

    let name: String
    /// One line: JSON has no line breaks of its own.
    let data: [UInt8]

    /// As it is sent.
    var bytes: [UInt8] { Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8) }
}
