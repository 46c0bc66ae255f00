/// A span of a trace, as W3C's Trace Context writes it in `traceparent` (version 00).
struct TraceContext: Sendable, Equatable {
    /// 32 hexadecimal digits in lower case, not all zero.
    let traceID: String
    /// 16 of them, not all zero.
    let spanID: String
    /// Two of them: the last bit says whether the caller records the trace.
    let flags: String

    private init(traceID: String, spanID: String, flags: String) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// The caller's span; nil for what is not as the specification says (section 3.2), which is then ignored.
    init?(_ value: String) {
        // 00-<trace>-<span>-<flags>; in bytes, for nothing else than ASCII is allowed.
        let bytes = Array(value.utf8)
        guard bytes.count == 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash else {
            return nil
        }
        let parts = [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        let zero = UInt8(ascii: "0")
        guard parts.allSatisfy({ $0.allSatisfy(Self.isDigit) }), parts[0].allSatisfy({ $0 == zero }),
            parts[1].contains(where: { $0 != zero }), parts[2].contains(where: { $0 != zero })
        else { return nil }
        traceID = String(decoding: parts[1], as: UTF8.self)
        spanID = String(decoding: parts[2], as: UTF8.self)
        flags = String(decoding: parts[3], as: UTF8.self)
    }

    private static let dash = UInt8(ascii: "-")

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// A new span of the same trace: ours.
    func child() -> TraceContext {
        // Zero is not allowed.
        TraceContext(
            traceID: traceID, spanID: UInt64.random(in: 1 ... .max).hexadecimalDigits,
            // Of the flags only the one that version 00 defines is passed on.
            flags: UInt8(flags, radix: 16).map { $0 & 1 } == 1 ? "01" : "00")
    }

    /// The field's value.
    var value: String { "00-\(traceID)-\(spanID)-\(flags)" }
}

extension UInt64 {
    /// 16 hexadecimal digits in lower case.
    var hexadecimalDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
