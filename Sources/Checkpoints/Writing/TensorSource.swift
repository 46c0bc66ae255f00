/// A tensor that is to be written: its name and shape at once, its numbers when their turn comes.
///
/// A source gives a piece at a time, so that a model of hundreds of megabytes is never there twice.
package struct TensorSource {
    /// Fills `piece` with the tensor's numbers, row-major, from number `offset` on. Pieces come in order, and cover the tensor.
    package typealias NumberReader =
        (_ offset: Int, _ piece: UnsafeMutableBufferPointer<Float>) throws(CheckpointError) -> Void
    /// Fills `piece` with the tensor's bytes, little-endian, from byte `offset` on.
    package typealias ByteReader =
        (_ offset: Int, _ piece: UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Void

    enum Contents {
        case numbers(StoredNumber, NumberReader)
        case bytes(RawNumber, ByteReader)
    }

    /// The name that the file will give it.
    package let name: String
    /// The dimensions, row-major, outermost first; a scalar has none.
    package let shape: [Int]
    let contents: Contents

    /// Float32 numbers, stored as `format`.
    ///
    /// - Precondition: no dimension is negative, and an `Int` holds the size in bytes.
    package init(name: String, shape: [Int], format: StoredNumber, numbers: @escaping NumberReader) {
        self.init(name: name, shape: shape, contents: .numbers(format, numbers))
    }

    /// Numbers of a training's state, stored as they are.
    ///
    /// - Precondition: no dimension is negative, and an `Int` holds the size in bytes.
    package init(name: String, shape: [Int], raw: RawNumber, bytes: @escaping ByteReader) {
        self.init(name: name, shape: shape, contents: .bytes(raw, bytes))
    }

    /// Float32 numbers that are there.
    ///
    /// - Precondition: there are as many as the shape says.
    package init(name: String, shape: [Int], format: StoredNumber, _ numbers: [Float]) {
        precondition(shape.reduce(1, *) == numbers.count, "\(numbers.count) numbers of shape \(shape)")
        self.init(name: name, shape: shape, format: format) { offset, piece in
            _ = piece.update(fromContentsOf: numbers[offset..<offset + piece.count])
        }
    }

    /// Bytes that are there.
    package init(name: String, bytes: [UInt8]) {
        self.init(name: name, shape: [bytes.count], raw: .uint8) { offset, piece in
            piece.copyBytes(from: bytes[offset..<offset + piece.count])
        }
    }

    /// Whole numbers that are there.
    ///
    /// - Precondition: there are as many as the shape says.
    package init(name: String, shape: [Int], _ integers: [Int64]) {
        precondition(shape.reduce(1, *) == integers.count, "\(integers.count) numbers of shape \(shape)")
        self.init(name: name, shape: shape, raw: .int64) { offset, piece in
            for index in 0..<piece.count / 8 {
                piece.storeBytes(of: integers[offset / 8 + index].littleEndian, toByteOffset: 8 * index, as: Int64.self)
            }
        }
    }

    private init(name: String, shape: [Int], contents: Contents) {
        precondition(name != "__metadata__" && !name.isEmpty, "'\(name)' as the name of a tensor")
        precondition(shape.allSatisfy { $0 >= 0 }, "shape \(shape)")
        self.name = name
        self.shape = shape
        self.contents = contents
    }

    /// The product of `shape`.
    package var elementCount: Int { shape.reduce(1, *) }

    /// Bytes in the file.
    package var byteCount: Int { elementCount * alignment }

    /// Bytes of one number.
    var alignment: Int {
        switch contents {
        case .numbers(let format, _): format.byteCount
        case .bytes(let format, _): format.byteCount
        }
    }

    /// The format's name in the header.
    var formatName: String {
        switch contents {
        case .numbers(let format, _): format.tensorFormat.name
        case .bytes(let format, _): format.rawValue
        }
    }
}
