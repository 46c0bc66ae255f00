/// What Python's `str` does by code point.
extension MarkedText {
    /// Which ends of a text to trim.
    enum Ends {
        case both, leading, trailing
    }

    /// The number of code points.
    var codePointCount: Int {
        bytes.reduce(0) { $0 + (UTF8.isContinuation($1) ? 0 : 1) }
    }

    /// The offset of each code point's first byte, and the end.
    var codePointOffsets: [Int] {
        bytes.indices.filter { !UTF8.isContinuation(bytes[$0]) } + [bytes.count]
    }

    /// Without the code points in `characters`, or else without white space, at its ends.
    func trimming(_ ends: Ends, characters: MarkedText?) -> MarkedText {
        let set = characters.map { Set(String(decoding: $0.bytes, as: UTF8.self).unicodeScalars) }
        let isTrimmed = { (scalar: Unicode.Scalar) in set?.contains(scalar) ?? scalar.isPythonWhitespace }
        var range = bytes.indices
        if ends != .trailing {
            range = bytes[range].droppingLeading(isTrimmed).indices
        }
        if ends != .leading {
            range = bytes[range].droppingTrailing(isTrimmed).indices
        }
        return slice(range, keepsPlaces: true)
    }

    /// The pieces between the places where `separator`, which is not empty, stands.
    func split(separator: MarkedText) -> [MarkedText] {
        var pieces: [MarkedText] = []
        var start = 0
        for found in bytes.ranges(of: separator.bytes) {
            pieces.append(slice(start..<found.lowerBound))
            start = found.upperBound
        }
        pieces.append(slice(start..<bytes.count))
        return pieces
    }
}

extension Unicode.Scalar {
    /// Whether Python's `str.isspace` holds: what `str.strip` and `\s` take for white space.
    var isPythonWhitespace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without the leading code points that satisfy `predicate`. The slice is valid UTF-8.
    func droppingLeading(_ predicate: (Unicode.Scalar) -> Bool) -> ArraySlice<UInt8> {
        var rest = self
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            guard predicate(rest.prefix(length).codePoint) else { break }
            rest = rest.dropFirst(length)
        }
        return rest
    }

    /// Without the trailing code points that satisfy `predicate`. The slice is valid UTF-8.
    func droppingTrailing(_ predicate: (Unicode.Scalar) -> Bool) -> ArraySlice<UInt8> {
        var rest = self
        while let start = rest.lastIndex(where: { !UTF8.isContinuation($0) }) {
            guard predicate(rest[start...].codePoint) else { break }
            rest = rest[..<start]
        }
        return rest
    }

    /// The one code point that these bytes encode.
    private var codePoint: Unicode.Scalar {
        let initial = first.map(UInt32.init) ?? 0
        let mask: UInt32 = count == 1 ? 0x7F : count == 2 ? 0x1F : count == 3 ? 0x0F : 0x07
        let value = dropFirst().reduce(initial & mask) { $0 << 6 | UInt32($1 & 0x3F) }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
