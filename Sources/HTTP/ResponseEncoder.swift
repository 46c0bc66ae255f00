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

    /// By default the response to anything but HEAD, on a connection of HTTP/1.1 that is kept.
    package init(omitsBody: Bool = false, connection: ConnectionOption = .implicit) {
        self.omitsBody = omitsBody
        self.connection = connection
    }
}

/// Writes responses in the syntax of RFC 9112.
package struct ResponseEncoder: Sendable {
    /// `HTTP/1.1 100 Continue` (RFC 9110, section 15.2.1).
    package static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The fields that only the connection knows; the application's own are dropped.
    private static let ownFields = ["date", "content-length", "transfer-encoding", "connection"]

    /// The bytes of a final response.
    ///
    /// The version is the server's own, HTTP/1.1, to a 1.0 client too (RFC 9110, section 6.2).
    ///
    /// - Parameter date: the value of `Date` (RFC 9110, section 6.6.1).
    package static func encode(_ response: HTTPResponse, framing: ResponseFraming, date: String) -> [UInt8] {
        var head = "HTTP/1.1 \(response.status.code) \(sanitized(response.status.reasonPhrase))\r\nDate: \(date)\r\n"
        for field in response.headers.lines
        where !ownFields.contains(where: { field.name.equalsIgnoringCase($0) }) && field.name.utf8.isToken {
            head += "\(field.name): \(sanitized(field.value))\r\n"
        }
        let sendsContent = response.status.allowsContent
        if sendsContent {
            // To HEAD it is the length that GET would give (RFC 9110, section 8.6).
            head += "Content-Length: \(response.body.count)\r\n"
        }
        switch framing.connection {
        case .implicit: break
        case .keepAlive: head += "Connection: keep-alive\r\n"
        case .close: head += "Connection: close\r\n"
        }
        head += "\r\n"
        var bytes = Array(head.utf8)
        if sendsContent, !framing.omitsBody {
            bytes.append(contentsOf: response.body)
        }
        return bytes
    }

    /// The text without control characters, a space in the place of each (RFC 9110, section 5.5): what the application
    /// echoes can never end a line.
    private static func sanitized(_ text: String) -> String {
        guard text.utf8.contains(where: \.isForbiddenControl) else { return text }
        return String(decoding: text.utf8.map { $0.isForbiddenControl ? .space : $0 }, as: UTF8.self)
    }
}
