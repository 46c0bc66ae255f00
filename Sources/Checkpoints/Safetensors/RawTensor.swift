/// Number formats of tensors that are no weights: what a training goes on from.
package enum RawNumber: String, Sendable, CaseIterable {
    case uint8 = "U8"
    case int64 = "I64"

    /// Bytes of a number.
    package var byteCount: Int {
        switch self {
        case .uint8: 1
        case .int64: 8
        }
    }

    /// The size in bytes of a tensor of this shape, or nil if no `Int` holds it.
    func byteCount(shape: [Int]) -> Int? {
        var size = byteCount
        for dimension in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            size = product
        }
        return size
    }
}

/// What a file says of a tensor that is no weight, and the way to its bytes.
package struct RawTensor: Sendable, Equatable {
    /// The name that the file gives it.
    package let name: String
    /// How its numbers are stored.
    package let number: RawNumber
    /// The dimensions, row-major, outermost first; a scalar has none.
    package let shape: [Int]
    /// The file that holds the numbers.
    package let file: RegularFile
    /// Where the numbers are, counted from the start of the file; as long as `shape` and `number` make it.
    package let byteRange: Range<Int>

    /// All bytes.
    ///
    /// - Throws: `io`, `changedWhileRead`.
    package func bytes() throws(CheckpointError) -> [UInt8] {
        try file.bytes(byteRange)
    }

    /// The numbers, if they are whole ones of 64 bits.
    ///
    /// - Throws: `io`, `changedWhileRead`; `unsupportedTensorFormat` for bytes.
    package func integers() throws(CheckpointError) -> [Int64] {
        guard number == .int64 else {
            throw .unsupportedTensorFormat(file: file.name, tensor: name, format: number.rawValue)
        }
        let bytes = try bytes()
        return stride(from: 0, to: bytes.count, by: 8).map { Int64(littleEndianBytes: bytes[$0..<$0 + 8]) }
    }
}
