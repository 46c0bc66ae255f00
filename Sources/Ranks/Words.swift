/// Words that ranks tell each other, one value after the other.
package struct WordWriter {
    package private(set) var words: [UInt32] = []

    package init() {}

    /// A number of 64 bits is two words.
    package mutating func append(_ number: Int) {
        words += [UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32)]
    }

    /// Their count, then the numbers.
    package mutating func append(_ numbers: [Int32]) {
        append(numbers.count)
        words += numbers.map { UInt32(bitPattern: $0) }
    }

    /// Their count, then the bits of the numbers.
    package mutating func append(_ numbers: [Float]) {
        append(numbers.count)
        words += numbers.map(\.bitPattern)
    }
}

/// Reads what ``WordWriter`` wrote, in the same order. Words that end too early throw.
package struct WordReader {
    /// The words are not what they should be: another program wrote them.
    package struct Unreadable: Error, Equatable {
        package init() {}
    }

    private var rest: ArraySlice<UInt32>

    package init(_ words: [UInt32]) {
        rest = words[...]
    }

    /// Whether all was read.
    package var isAtEnd: Bool { rest.isEmpty }

    package mutating func integer() throws(Unreadable) -> Int {
        let two = try words(2)
        return Int(truncatingIfNeeded: UInt64(two[two.startIndex]) | UInt64(two[two.startIndex + 1]) << 32)
    }

    package mutating func integers() throws(Unreadable) -> [Int32] {
        try words(try integer()).map { Int32(bitPattern: $0) }
    }

    package mutating func floats() throws(Unreadable) -> [Float] {
        try words(try integer()).map { Float(bitPattern: $0) }
    }

    private mutating func words(_ count: Int) throws(Unreadable) -> ArraySlice<UInt32> {
        guard (0...rest.count).contains(count) else { throw Unreadable() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
