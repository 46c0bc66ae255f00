import HTTP

/// What an `Accept-Encoding` field says (RFC 9110, section 12.5.3): the codings that a client takes, and how gladly.
struct AcceptedCodings: Sendable, Equatable {
    /// Weights in thousandths, by name in lower case; the last one of a name counts.
    private var weights: [String: Int] = [:]
    private let isPresent: Bool

    init(_ head: HTTPRequestHead) {
        isPresent = head.headers["accept-encoding"] != nil
        for element in head.headers.listElements(of: "accept-encoding") {
            let parts = element.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed }
            guard let name = parts.first, !name.isEmpty else { continue }
            // What is no weight makes no coding acceptable.
            weights[Self.canonical(name)] = Self.weight(parts.dropFirst()) ?? 0
        }
    }

    /// Whether gzip is acceptable, and no less welcome than no coding at all.
    var preferGzip: Bool {
        // Without the field anything goes, but who does not ask may be unable.
        guard isPresent else { return false }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        // Not listed, identity is acceptable, but nothing says that it is wanted.
        let identity = weights["identity"] ?? 0
        return gzip > 0 && gzip >= identity
    }

    /// Whether a response without coding is acceptable: it is unless it is excluded.
    var allowIdentity: Bool { (weights["identity"] ?? weights["*"] ?? 1) > 0 }

    /// RFC 9110, section 8.4.1.3: `x-gzip` is `gzip`.
    private static func canonical(_ name: Substring) -> String { name == "x-gzip" ? "gzip" : String(name) }

    /// `q=0.5` as 500, no parameter as 1000 (RFC 9110, section 12.4.2); nil for anything else.
    private static func weight(_ parameters: ArraySlice<Substring>) -> Int? {
        guard let parameter = parameters.first else { return 1000 }
        guard parameters.count == 1, parameter.hasPrefix("q=") else { return nil }
        let value = parameter.dropFirst(2).utf8
        guard let whole = value.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), value.count <= 5 else {
            return nil
        }
        guard value.count == 1 || value.dropFirst().first == UInt8(ascii: ".") else { return nil }
        let decimals = value.dropFirst(2)
        guard decimals.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        var weight = Int(whole - UInt8(ascii: "0"))
        for place in 0..<3 {
            weight *= 10
            if place < decimals.count { weight += Int(Array(decimals)[place] - UInt8(ascii: "0")) }
        }
        return weight <= 1000 ? weight : nil
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var result = drop { $0 == " " || $0 == "\t" }
        while result.last == " " || result.last == "\t" { result.removeLast() }
        return result
    }
}
