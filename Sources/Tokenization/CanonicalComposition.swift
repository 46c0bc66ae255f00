import Foundation

/// Unicode normalisation form C (UAX #15).
///
/// Foundation's own takes time quadratic in the length of a run of combining marks: half a megabyte of them, which anyone
/// can send, would take a minute. On Linux it also composes wrongly beyond the basic plane. So only its decomposition of
/// single scalars is used; the algorithm, whose sorting is not quadratic, is here.
struct CanonicalComposer {
    /// Decompositions looked up so far.
    private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]

    /// Appends the composed form of a range of valid UTF-8.
    mutating func append(_ bytes: [UInt8], in range: Range<Int>, to result: inout [UInt8]) {
        // Nothing before U+0300, whose first byte is 0xCC, changes or combines.
        if bytes[range].allSatisfy({ $0 < 0xCC }) {
            result.append(contentsOf: bytes[range])
            return
        }
        // Text between two scalars that neither change nor combine with what precedes them can be handled alone.
        var start = range.lowerBound
        var isStable = true
        var offset = range.lowerBound
        while offset < range.upperBound {
            let (scalar, end) = scalar(in: bytes, at: offset)
            if Self.isStable(scalar) {
                appendSegment(bytes, in: start..<offset, isStable: isStable, to: &result)
                start = offset
                isStable = true
            } else {
                isStable = false
            }
            offset = end
        }
        appendSegment(bytes, in: start..<range.upperBound, isStable: isStable, to: &result)
    }

    private mutating func appendSegment(
        _ bytes: [UInt8], in range: Range<Int>, isStable: Bool, to result: inout [UInt8]
    ) {
        guard !isStable else {
            result.append(contentsOf: bytes[range])
            return
        }
        var decomposed: [Unicode.Scalar] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            let (scalar, end) = scalar(in: bytes, at: offset)
            decomposed.append(contentsOf: decomposition(of: scalar))
            offset = end
        }
        for scalar in composed(Self.ordered(decomposed)) {
            result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// Whether a scalar stays as it is and combines with nothing before it: NFC_Quick_Check is Yes and the combining
    /// class 0. Marks of class 0 are counted out although few of them combine.
    private static func isStable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x3400...0x9FFF, 0xAC00...0xD7A3:  // Latin, Chinese, Hangul syllables: most text, told fast.
            true
        default:
            !scalar.properties.isFullCompositionExclusion && !canFollow(scalar)
        }
    }

    /// Whether a scalar may compose with a scalar before it: a mark, or a Hangul vowel or final consonant.
    private static func canFollow(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: (0x1161...0x1175).contains(scalar.value) || (0x11A8...0x11C2).contains(scalar.value)
        }
    }

    private mutating func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if let known = decompositions[scalar] { return known }
        let result = Self.decomposition(of: scalar)
        decompositions[scalar] = result
        return result
    }

    /// Canonical ordering: each run of scalars of combining class other than 0, sorted by it, equals kept in order.
    private static func ordered(_ scalars: [Unicode.Scalar]) -> [(scalar: Unicode.Scalar, combiningClass: UInt8)] {
        var result = scalars.map { ($0, $0.properties.canonicalCombiningClass.rawValue) }
        var start = 0
        while start < result.count {
            guard result[start].1 != 0 else {
                start += 1
                continue
            }
            let end = result[start...].firstIndex { $0.1 == 0 } ?? result.count
            // The standard library's sort is stable but does not promise it.
            let run = result[start..<end].enumerated().sorted {
                ($0.element.1, $0.offset) < ($1.element.1, $1.offset)
            }
            result.replaceSubrange(start..<end, with: run.map(\.element))
            start = end
        }
        return result
    }

    /// The canonical composition algorithm: each scalar joins the last starter before it, unless one between blocks it.
    private func composed(
        _ scalars: [(scalar: Unicode.Scalar, combiningClass: UInt8)]
    ) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var starter: Int?
        var lastClass: UInt8?
        for (scalar, combiningClass) in scalars {
            if let starter {
                let isBlocked = lastClass.map { $0 >= combiningClass } ?? false
                if !isBlocked, let composite = Self.composition(of: result[starter], scalar) {
                    result[starter] = composite
                    continue
                }
            }
            if combiningClass == 0 {
                starter = result.count
                lastClass = nil
            } else {
                lastClass = combiningClass
            }
            result.append(scalar)
        }
        return result
    }

    private static func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
    }

    private static func composition(of first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        guard canFollow(second) else { return nil }
        return hangulSyllable(of: first.value, second.value) ?? compositions[key(first, second)]
    }

    private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
        UInt64(first.value) << 32 | UInt64(second.value)
    }

    /// What pairs of scalars compose to: the decompositions of all blocks that have primary composites, turned round.
    private static let compositions: [UInt64: Unicode.Scalar] = {
        let blocks: [Range<UInt32>] = [0xC0..<0x3100, 0x11000..<0x11A00]
        let composites = blocks.joined().compactMap(Unicode.Scalar.init)
            .filter { !$0.properties.isFullCompositionExclusion }
            .map { (scalar: $0, parts: decomposition(of: $0)) }
            .filter { $0.parts.count > 1 }
        var result: [UInt64: Unicode.Scalar] = [:]
        // Shorter ones first: the first of a composite's two parts may itself be a composite.
        for (scalar, parts) in composites.sorted(by: { $0.parts.count < $1.parts.count }) {
            var first: Unicode.Scalar? = parts[0]
            for part in parts[1..<(parts.count - 1)] {
                first = first.flatMap { result[key($0, part)] }
            }
            if let first {
                result[key(first, parts[parts.count - 1])] = scalar
            }
        }
        return result
    }()

    /// Composes a leading consonant and a vowel, or a syllable of these and a final consonant, by the arithmetic of the
    /// Unicode standard, section 3.12.
    private static func hangulSyllable(of first: UInt32, _ second: UInt32) -> Unicode.Scalar? {
        let syllables: UInt32 = 0xAC00
        let finals: UInt32 = 28
        switch (first, second) {
        case (0x1100...0x1112, 0x1161...0x1175):
            return Unicode.Scalar(syllables + ((first - 0x1100) * 21 + second - 0x1161) * finals)
        case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (first - syllables).isMultiple(of: finals):
            return Unicode.Scalar(first + second - 0x11A7)
        default:
            return nil
        }
    }
}
