/// What a file says of one of its tensors, and the way to its numbers.
package struct TensorDescription: Sendable, Equatable {
    /// The name that the file gives it.
    package let name: String
    /// How its numbers are stored.
    package let format: TensorFormat
    /// The dimensions, row-major, outermost first: a linear layer is `[outputs, inputs]`; a scalar has none.
    package let shape: [Int]
    /// The file that holds the numbers.
    package let file: RegularFile
    /// Where the numbers are, counted from the start of the file; as long as `shape` and `format` make it.
    package let byteRange: Range<Int>

    /// The product of `shape`.
    package var elementCount: Int { shape.reduce(1, *) }

    /// Fills `destination` with the tensor's bytes from `offset` on; several threads may read at once.
    ///
    /// - Precondition: the bytes are the tensor's.
    /// - Throws: `io`, `changedWhileRead`.
    package func read(from offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        precondition(
            offset >= 0 && destination.count <= byteRange.count - offset,
            "\(destination.count) bytes at \(offset) requested of a tensor of \(byteRange.count)")
        try file.read(from: byteRange.lowerBound + offset, into: destination)
    }

    /// All bytes: for what is small.
    ///
    /// - Throws: `io`, `changedWhileRead`.
    package func bytes() throws(CheckpointError) -> [UInt8] {
        try file.bytes(byteRange)
    }
}
