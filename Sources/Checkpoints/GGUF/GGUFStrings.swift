/// The strings of a metadata array as bytes: one block of memory instead of one for each of 100,000 tokens.
///
/// Bytes, because a vocabulary tells apart what `String` holds equal ("é" precomposed and decomposed), and because a
/// token may be half a character.
package struct GGUFStrings: Sendable, Equatable, RandomAccessCollection {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// Copies the strings.
    package init(_ strings: some Sequence<[UInt8]> = []) {
        for string in strings {
            bytes += string
            ends.append(bytes.count)
        }
    }

    /// 0.
    package var startIndex: Int { 0 }
    /// The number of strings.
    package var endIndex: Int { ends.count }

    /// The bytes of one string.
    package subscript(index: Int) -> ArraySlice<UInt8> {
        bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    mutating func append(_ string: ArraySlice<UInt8>) {
        bytes += string
        ends.append(bytes.count)
    }

    /// Makes room for `count` strings; the caller has checked that the file can hold so many.
    mutating func reserveCapacity(count: Int) {
        ends.reserveCapacity(count)
    }
}
