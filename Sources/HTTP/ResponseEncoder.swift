/// What the connection says about itself in a response (RFC 9112, section 9).
package enum ConnectionOption: Sendable, Equatable {
    /// Nothing: HTTP/1.1 keeps the connection.
    case implicit
    /// `Connection: keep-alive`, for an HTTP/1.0 client that asked.
    case keepAlive
    /// `Connection: close`.
    case close
}

/// How a response is put on the wire.
package struct ResponseFraming: Sendable, Equatable {
    /// Whether the content is left out because the request was HEAD (RFC 9110, section 9.3.2).
    package var omitsBody: Bool
    /// What is said about the connection's future.
    package var connection: ConnectionOption
    /// Whether a stream is sent in chunks; else it ends with the connection, as HTTP/1.0 knows it.
    package var isChunked: Bool

    /// By default the response to anything but HEAD, on a connection of HTTP/1.1 that is kept.
    package init(omitsBody: Bool = false, connection: ConnectionOption = .implicit, isChunked: Bool = true) {
        self.omitsBody = omitsBody
        self.connection = connection
        self.isChunked = isChunked
    }
}

/// Writes responses in the syntax of RFC 9112.
package struct ResponseEncoder: Sendable {
    /// `HTTP/1.1 100 Continue` (RFC 9110, section 15.2.1).
    package static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The fields that only the connection knows; the application's own are dropped.
    private static let ownFields = ["date", "content-length", "transfer-encoding", "connection"]
    private static let longestOwnField = 17

    /// The bytes of a final response; of a stream those before its content.
    ///
    /// The version is the server's own, HTTP/1.1, to a 1.0 client too (RFC 9110, section 6.2).
    ///
    /// - Parameter date: the value of `Date` (RFC 9110, section 6.6.1).
    package static func encode(_ response: HTTPResponse, framing: ResponseFraming, date: String) -> [UInt8] {
        let body = response.body
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + response.headers.lines.count * 48 + (framing.omitsBody ? 0 : body.count))
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(decimal: response.status.code)
        bytes.append(.space)
        bytes.append(sanitized: response.status.reasonPhrase)
        bytes.append(contentsOf: "\r\nDate: ".utf8)
        bytes.append(contentsOf: date.utf8)
        bytes.appendLineEnd()
        for field in response.headers.lines where !isOwn(field.name) && field.name.utf8.isToken {
            bytes.append(contentsOf: field.name.utf8)
            bytes.append(contentsOf: ": ".utf8)
            bytes.append(sanitized: field.value)
            bytes.appendLineEnd()
        }
        let sendsContent = response.status.allowsContent
        switch response.content {
        case .bytes where sendsContent:
            // To HEAD it is the length that GET would give (RFC 9110, section 8.6).
            bytes.append(contentsOf: "Content-Length: ".utf8)
            bytes.append(decimal: body.count)
            bytes.appendLineEnd()
        case .stream where sendsContent && framing.isChunked:
            bytes.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
        case .bytes, .stream: break
        }
        switch framing.connection {
        case .implicit: break
        case .keepAlive: bytes.append(contentsOf: "Connection: keep-alive\r\n".utf8)
        case .close: bytes.append(contentsOf: "Connection: close\r\n".utf8)
        }
        bytes.appendLineEnd()
        if sendsContent, !framing.omitsBody { bytes.append(contentsOf: body) }
        return bytes
    }

    /// A piece of a stream (RFC 9112, section 7.1).
    ///
    /// - Precondition: `bytes` is not empty: an empty chunk would end the stream.
    package static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        precondition(!bytes.isEmpty, "an empty chunk ends the stream")
        return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [.carriageReturn, .lineFeed]
    }

    /// The end of a chunked stream, without trailers.
    package static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func isOwn(_ name: String) -> Bool {
        name.utf8.count <= longestOwnField && ownFields.contains { name.equalsIgnoringCase($0) }
    }
}

extension [UInt8] {
    fileprivate mutating func appendLineEnd() {
        append(.carriageReturn)
        append(.lineFeed)
    }

    /// The text without control characters, a space in the place of each (RFC 9110, section 5.5): what the application
    /// echoes can never end a line.
    fileprivate mutating func append(sanitized text: String) {
        let start = count
        append(contentsOf: text.utf8)
        for index in start..<count where self[index].isForbiddenControl { self[index] = .space }
    }

    fileprivate mutating func append(decimal number: Int) {
        if number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
        } else {
            append(decimal: number / 10)
            append(UInt8(ascii: "0") + UInt8(number % 10))
        }
    }
}
