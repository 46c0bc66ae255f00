/// Why the server itself refuses a request or a connection. ``status`` tells the peer, ``description`` tells why.
package enum HTTPError: Error, Equatable, Sendable {
    /// The first line is not `method SP target SP HTTP/1.x`; its excerpt.
    case malformedRequestLine(String)
    /// The first line is longer than ``HTTPLimits/maxRequestLineLength``.
    case requestLineTooLong(limit: Int)
    /// A major version other than 1.
    case unsupportedVersion(String)
    /// A method token that the server does not know.
    case unknownMethod(String)
    /// A request target in no form that its method may have.
    case invalidTarget(String)
    /// A line that ends in LF without CR. Lines count from 1, the request line's number.
    case bareLineFeed(line: Int)
    /// A control character inside a line: a bare CR, NUL, …
    case controlCharacter(UInt8, line: Int)
    /// A field line without a name, a colon, or with a name that is no token.
    case malformedField(String, line: Int)
    /// A field line that begins with white space (obs-fold).
    case foldedField(line: Int)
    /// A head or trailer section longer than ``HTTPLimits/maxHeadSize``.
    case headTooLarge(limit: Int)
    /// More field lines than ``HTTPLimits/maxHeaderCount``.
    case tooManyFields(limit: Int)
    /// HTTP/1.1 without Host.
    case missingHost
    /// More than one Host.
    case repeatedHost(count: Int)
    /// A Host that is not `host[:port]`.
    case invalidHost(String)
    /// A Content-Length that is not one number of at most 63 bits.
    case invalidContentLength(String)
    /// Several Content-Length lines, equal or not.
    case repeatedContentLength(count: Int)
    /// Two ways to find the end of the body.
    case contentLengthWithTransferEncoding
    /// Transfer-Encoding in HTTP/1.0.
    case transferEncodingBeforeHTTP11
    /// A Transfer-Encoding in which chunked is not last, or not there once.
    case invalidTransferEncoding(String)
    /// A coding under chunked.
    case unsupportedTransferCoding(String)
    /// An Expect other than 100-continue.
    case unsupportedExpectation(String)
    /// No body length, of a method that has a body.
    case lengthRequired(HTTPMethod)
    /// A body longer than ``HTTPLimits/maxBodySize``.
    ///
    /// - Parameter length: nil while the end of a chunked body is unknown.
    case bodyTooLarge(length: Int?, limit: Int)
    /// A chunk that does not begin with its size; the excerpt of its line.
    case malformedChunkSize(String)
    /// Chunk extensions longer than ``HTTPLimits/maxHeadSize``, one or all.
    case chunkExtensionsTooLong(limit: Int)
    /// A chunk longer or shorter than its size.
    case missingChunkEnd
    /// The peer stopped sending inside a request.
    case incompleteRequest
    /// The head took longer than ``HTTPLimits/headTimeout``.
    case headTimeout(Duration)
    /// The body paused or took longer than its limits.
    case bodyTimeout(Duration)
    /// The server has ``HTTPLimits/maxConnections`` already.
    case tooManyConnections(limit: Int)
    /// The peer has ``HTTPLimits/maxConnectionsPerPeer`` already.
    case tooManyConnectionsOfPeer(limit: Int)
    /// With this body all connections would hold more than ``HTTPLimits/maxBufferedSize``.
    case outOfBuffers(length: Int, limit: Int)
    /// The body came more slowly than ``HTTPLimits/minBodyRate``.
    case bodyTooSlow(bytesPerSecond: Int)
    /// A TLS port was spoken to without TLS.
    case plainTextToTLS
    /// The router has no such path.
    case notFound(path: String)
    /// The router has the path, not with this method.
    case methodNotAllowed(HTTPMethod, path: String, allowed: [HTTPMethod])

    /// The status that the error is answered with.
    package var status: HTTPStatus {
        switch self {
        case .malformedRequestLine, .invalidTarget, .bareLineFeed, .controlCharacter, .malformedField, .foldedField,
            .missingHost, .repeatedHost, .invalidHost, .invalidContentLength, .repeatedContentLength,
            .contentLengthWithTransferEncoding, .transferEncodingBeforeHTTP11, .invalidTransferEncoding,
            .malformedChunkSize, .chunkExtensionsTooLong, .missingChunkEnd, .incompleteRequest, .plainTextToTLS:
            .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .headTimeout, .bodyTimeout, .bodyTooSlow: .requestTimeout
        case .lengthRequired: .lengthRequired
        case .bodyTooLarge: .contentTooLarge
        case .requestLineTooLong: .uriTooLong
        case .unsupportedExpectation: .expectationFailed
        case .headTooLarge, .tooManyFields: .headerFieldsTooLarge
        case .unknownMethod, .unsupportedTransferCoding: .notImplemented
        case .tooManyConnections, .outOfBuffers: .serviceUnavailable
        case .tooManyConnectionsOfPeer: .tooManyRequests
        case .unsupportedVersion: .versionNotSupported
        }
    }

    /// The fields that the error's status calls for: `Allow` with 405 (RFC 9110, section 15.5.6), `Retry-After` with
    /// 429 and 503. The connection adds them to the application's answer.
    var requiredHeaders: HTTPFields {
        switch self {
        case .methodNotAllowed(_, _, let allowed): ["Allow": allowed.map(\.rawValue).joined(separator: ", ")]
        case .tooManyConnections, .tooManyConnectionsOfPeer, .outOfBuffers: ["Retry-After": "1"]
        default: [:]
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// One line for the client and the log. What it quotes from the request is cut and made printable.
    package var description: String {
        switch self {
        case .malformedRequestLine(let line): "request line \(line) is not \"method target HTTP/1.x\""
        case .requestLineTooLong(let limit): "request line is longer than \(limit) bytes"
        case .unsupportedVersion(let version): "protocol version \(version) is not supported, HTTP/1.1 and 1.0 are"
        case .unknownMethod(let method): "method \(method) is not implemented"
        case .invalidTarget(let target): "request target \(target) is not valid for its method"
        case .bareLineFeed(let line): "line \(line) ends in LF, not in CRLF"
        case .controlCharacter(let byte, let line): "line \(line) holds the control character 0x\(byte.hexadecimalText)"
        case .malformedField(let field, let line): "line \(line) is not a header field: \(field)"
        case .foldedField(let line): "line \(line) continues a header field, which is obsolete"
        case .headTooLarge(let limit): "header fields are longer than \(limit) bytes"
        case .tooManyFields(let limit): "there are more than \(limit) header fields"
        case .missingHost: "header field Host is missing"
        case .repeatedHost(let count): "header field Host is there \(count) times, not once"
        case .invalidHost(let host): "header field Host is not a host: \(host)"
        case .invalidContentLength(let value): "Content-Length is not one decimal number: \(value)"
        case .repeatedContentLength(let count): "Content-Length is there \(count) times, not once"
        case .contentLengthWithTransferEncoding: "Content-Length and Transfer-Encoding exclude each other"
        case .transferEncodingBeforeHTTP11: "Transfer-Encoding is not part of HTTP/1.0"
        case .invalidTransferEncoding(let value): "Transfer-Encoding does not end in exactly one chunked: \(value)"
        case .unsupportedTransferCoding(let coding): "transfer coding \(coding) is not supported, chunked is"
        case .unsupportedExpectation(let value): "expectation \(value) is not supported, 100-continue is"
        case .lengthRequired(let method): "\(method) needs Content-Length or Transfer-Encoding: chunked"
        case .bodyTooLarge(let length?, let limit): "body of \(length) bytes is larger than \(limit) bytes"
        case .bodyTooLarge(nil, let limit): "body is larger than \(limit) bytes"
        case .malformedChunkSize(let line): "chunk size is not a hexadecimal number: \(line)"
        case .chunkExtensionsTooLong(let limit): "chunk extensions are longer than \(limit) bytes"
        case .missingChunkEnd: "chunk data is not followed by CRLF"
        case .incompleteRequest: "request ends before it is complete"
        case .headTimeout(let limit): "request head took longer than \(limit)"
        case .bodyTimeout(let limit): "request body took longer than \(limit)"
        case .tooManyConnections(let limit): "server has its limit of \(limit) connections"
        case .tooManyConnectionsOfPeer(let limit): "peer has its limit of \(limit) connections"
        case .outOfBuffers(let length, let limit):
            "body of \(length) bytes does not fit: server holds up to \(limit) bytes of requests and responses"
        case .bodyTooSlow(let rate): "request body came more slowly than \(rate) bytes a second"
        case .plainTextToTLS: "plain HTTP was sent to a port that speaks TLS"
        case .notFound(let path): "there is nothing at \(path.utf8.excerpt)"
        case .methodNotAllowed(let method, let path, let allowed):
            "\(method) is not allowed at \(path.utf8.excerpt), \(allowed.map(\.rawValue).joined(separator: ", ")) is"
        }
    }
}
