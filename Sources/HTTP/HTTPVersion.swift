/// The protocol version of a request, as far as it changes how the server speaks (RFC 9112, section 2.3).
package enum HTTPVersion: Sendable, Equatable, CustomStringConvertible {
    /// HTTP/1.0.
    case http10
    /// HTTP/1.1, and any later minor version, which is answered as 1.1 (RFC 9110, section 6.2).
    case http11

    package var description: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        }
    }
}
