/// Why the server itself refuses a request or a connection. ``status`` tells the peer, ``description`` tells why.
package enum HTTPError: Error, Equatable, Sendable {
    case malformedRequestLine(String)
    case requestLineTooLong(limit: Int)
    case unsupportedVersion(String)
    case unknownMethod(String)
    case invalidTarget(String)
    /// A line that ends in LF without CR. Lines count from 1, the request line's number.
    case bareLineFeed(line: Int)
    /// A control character inside a line: a bare CR, NUL, …
    case controlCharacter(UInt8, line: Int)
    case malformedField(String, line: Int)
    /// A field line that begins with white space (obs-fold).
    case foldedField(line: Int)
    case headTooLarge(limit: Int)
    case tooManyFields(limit: Int)
    case missingHost
    case repeatedHost(count: Int)
    case invalidHost(String)
    case invalidContentLength(String)
    case repeatedContentLength(count: Int)
    case contentLengthWithTransferEncoding
    case transferEncodingBeforeHTTP11
    case invalidTransferEncoding(String)
    case unsupportedTransferCoding(String)
    case unsupportedExpectation(String)
    case lengthRequired(HTTPMethod)
    /// - Parameter length: nil while the end of a chunked body is unknown.
    case bodyTooLarge(length: Int?, limit: Int)
    case malformedChunkSize(String)
    case chunkExtensionsTooLong(limit: Int)
    case missingChunkEnd
    /// The peer stopped sending inside a request.
    case incompleteRequest
    case headTimeout(Duration)
    case bodyTimeout(Duration)
    case tooManyConnections(limit: Int)
    case notFound(path: String)
    case methodNotAllowed(HTTPMethod, path: String, allowed: [HTTPMethod])

    /// The status that the error is answered with.
    package var status: HTTPStatus {
        switch self {
        case .malformedRequestLine, .invalidTarget, .bareLineFeed, .controlCharacter, .malformedField, .foldedField,
            .missingHost, .repeatedHost, .invalidHost, .invalidContentLength, .repeatedContentLength,
            .contentLengthWithTransferEncoding, .transferEncodingBeforeHTTP11, .invalidTransferEncoding,
            .malformedChunkSize, .chunkExtensionsTooLong, .missingChunkEnd, .incompleteRequest:
            .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .headTimeout, .bodyTimeout: .requestTimeout
        case .lengthRequired: .lengthRequired
        case .bodyTooLarge: .contentTooLarge
        case .requestLineTooLong: .uriTooLong
        case .unsupportedExpectation: .expectationFailed
        case .headTooLarge, .tooManyFields: .headerFieldsTooLarge
        case .unknownMethod, .unsupportedTransferCoding: .notImplemented
        case .tooManyConnections: .serviceUnavailable
        case .unsupportedVersion: .versionNotSupported
        }
    }

    /// The fields that the error's status calls for: `Allow` with 405 (RFC 9110, section 15.5.6), `Retry-After` with
    /// 503. The connection adds them to the application's answer.
    var requiredHeaders: HTTPFields {
        switch self {
        case .methodNotAllowed(_, _, let allowed): ["Allow": allowed.map(\.rawValue).joined(separator: ", ")]
        case .tooManyConnections: ["Retry-After": "1"]
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
        case .notFound(let path): "there is nothing at \(path.utf8.excerpt)"
        case .methodNotAllowed(let method, let path, let allowed):
            "\(method) is not allowed at \(path.utf8.excerpt), \(allowed.map(\.rawValue).joined(separator: ", ")) is"
        }
    }
}
