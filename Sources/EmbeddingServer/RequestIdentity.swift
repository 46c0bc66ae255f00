import HTTP

/// What a request is known by, in its answer and in the log.
struct RequestIdentity: Sendable {
    /// That of the request that the task is answering.
    @TaskLocal static var current: RequestIdentity?

    /// As its sender named it in `x-request-id`, if that is safe to repeat, or new.
    let identifier: String
    /// Our span of its sender's trace; nil where it is no part of one.
    let trace: TraceContext?

    /// - Parameter head: nil where there is none that could be read.
    init(_ head: HTTPRequestHead?) {
        identifier = head?.headers[Self.identifierField].flatMap { Self.isSafe($0) ? $0 : nil } ?? Self.newIdentifier()
        trace = head?.headers[Self.traceField].flatMap(TraceContext.init)?.child()
    }

    private static let identifierField = "x-request-id"
    private static let traceField = "traceparent"

    /// Adds both to an answer.
    func sign(_ response: inout HTTPResponse) {
        response.headers[Self.identifierField] = identifier
        if let trace { response.headers[Self.traceField] = trace.value }
    }

    private static func isSafe(_ identifier: String) -> Bool {
        (1...128).contains(identifier.utf8.count) && identifier.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// 32 hexadecimal digits.
    private static func newIdentifier() -> String {
        (0..<2).map { _ in UInt64.random(in: .min ... .max).hexadecimalDigits }.joined()
    }
}
