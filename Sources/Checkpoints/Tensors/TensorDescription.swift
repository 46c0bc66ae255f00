/// What a file says of one of its tensors.
package struct TensorDescription: Sendable, Equatable {
    /// The name that the file gives it.
    package let name: String
    /// How its numbers are stored.
    package let format: TensorFormat
    /// The dimensions, row-major, outermost first: a linear layer is `[outputs, inputs]`; a scalar has none.
    package let shape: [Int]
    /// Where the numbers are, counted from the start of the file; as long as `shape` and `format` make it.
    package let byteRange: Range<Int>

    /// The product of `shape`.
    package var elementCount: Int { shape.reduce(1, *) }
}
