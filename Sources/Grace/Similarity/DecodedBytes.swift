/// Bytes read as UTF-8, repaired as strings are, and the scalar that each of them belongs to.
package struct DecodedBytes: Sendable, Equatable {
    /// U+FFFD where the bytes are none.
    package private(set) var scalars: [Unicode.Scalar] = []
    /// Of each byte the index of its scalar.
    package private(set) var scalarOfByte: [Int] = []

    /// Reads all of them.
    package init(_ bytes: [UInt8]) {
        scalarOfByte.reserveCapacity(bytes.count)
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        while true {
            let length: Int
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded):
                length = encoded.count
                scalars.append(Unicode.UTF8.decode(encoded))
            case .error(let wrong):
                length = wrong
                scalars.append("\u{FFFD}")
            case .emptyInput: return
            }
            scalarOfByte += repeatElement(scalars.count - 1, count: length)
        }
    }
}

extension String {
    /// Of scalars, whatever they are.
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
