/// Text as bytes with the class of each scalar, and the steps that the pre-tokenizers' patterns are made of.
///
/// Every step takes a `limit` at which the text is taken to end.
package struct ClassifiedText {
    let bytes: [UInt8]
    let classes: [ScalarClass]

    /// - Parameter bytes: Valid UTF-8.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        classes = ScalarClass.classes(of: bytes)
    }

    /// Cuts a range into pre-tokens.
    ///
    /// - Parameter next: The end of the pre-token that begins at its first argument; its second is the limit.
    func appendPreTokens(in range: Range<Int>, to result: inout [Range<Int>], next: (Int, Int) -> Int) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = next(start, range.upperBound)
            result.append(start..<end)
            start = end
        }
    }

    /// The offset after the scalar at `offset`.
    func endOfScalar(at offset: Int, limit: Int) -> Int {
        var end = offset + 1
        while end < limit, classes[end] == .continuation {
            end += 1
        }
        return end
    }

    /// The end of the longest run, perhaps empty, of scalars of one class.
    func endOfRun(of wanted: ScalarClass, from offset: Int, limit: Int) -> Int {
        var end = offset
        while end < limit, classes[end] == wanted || (classes[end] == .continuation && end > offset) {
            end += 1
        }
        return end
    }

    /// `\s+(?!\S)|\s+` at a white space: the run, less its last scalar where a word follows that may take it along.
    func endOfWhitespace(at offset: Int, limit: Int) -> Int {
        let end = endOfWhitespaceRun(from: offset, limit: limit)
        guard end < limit else { return end }
        var last = end - 1
        while classes[last] == .continuation {
            last -= 1
        }
        return last > offset ? last : end
    }

    /// The end of the run of white space of any kind.
    func endOfWhitespaceRun(from offset: Int, limit: Int) -> Int {
        var end = offset
        while end < limit {
            switch classes[end] {
            case .newline, .space, .whitespace, .continuation: end += 1
            case .letter, .number, .symbol: return end
            }
        }
        return end
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`: the end of the contraction at `offset`, if one is there.
    func endOfContraction(at offset: Int, limit: Int, ignoringCase: Bool) -> Int? {
        guard bytes[offset] == UInt8(ascii: "'"), offset + 1 < limit else { return nil }
        func letter(at offset: Int) -> UInt8 {
            let byte = bytes[offset]
            return ignoringCase && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        switch letter(at: offset + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return offset + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return offset + 2 < limit && letter(at: offset + 2) == UInt8(ascii: "e") ? offset + 3 : nil
        case UInt8(ascii: "l"):
            return offset + 2 < limit && letter(at: offset + 2) == UInt8(ascii: "l") ? offset + 3 : nil
        case 0xC5 where ignoringCase && offset + 2 < limit && bytes[offset + 2] == 0xBF:
            return offset + 3  // U+017F, long s, folds to s.
        default:
            return nil
        }
    }
}
