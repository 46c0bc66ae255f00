/// A matrix as a file stores it: read and decoded some rows at a time while a weight is made of them, so that there is never
/// a whole copy in between.
package struct StoredMatrix<Failure: Error>: Sendable {
    /// Fills memory with the bytes of a range of rows, as they are stored; called by several threads at once.
    package typealias Reader = @Sendable (Range<Int>, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    /// Decodes the bytes of some rows into their elements.
    package typealias Decoder = @Sendable (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void

    /// At least 1.
    package let rows: Int
    /// At least 1.
    package let columns: Int
    /// Bytes of a row.
    let rowSize: Int
    let fourBitBlocks: FourBitBlocks?
    let order: StoredRowOrder
    let read: Reader
    let decode: Decoder

    /// Describes `[rows, columns]`, of `rowSize` bytes a row; nothing is read yet.
    ///
    /// - Parameters:
    ///   - fourBitBlocks: the blocks that a row consists of, if they are of four bits.
    ///   - order: the order of the rows in the file.
    package init(
        rows: Int, columns: Int, rowSize: Int, fourBitBlocks: FourBitBlocks? = nil,
        order: StoredRowOrder = .asStored, decoder: @escaping Decoder, reader: @escaping Reader
    ) {
        precondition(rows > 0 && columns > 0, "a matrix of \(rows) rows and \(columns) columns")
        precondition(rowSize > 0, "rows of \(rowSize) bytes")
        self.rows = rows
        self.columns = columns
        self.rowSize = rowSize
        self.fourBitBlocks = fourBitBlocks
        self.order = order
        decode = decoder
        read = reader
    }
}

/// Blocks of weights of four bits that can be packed as they are.
package enum FourBitBlocks: Sendable {
    /// `(quant - 8) * scale`, 32 a block.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q4_0
    /// `quant * scale + minimum`, 32 a block.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q4_1
    /// Eight groups of 32 as in `q4_1`, their scales and minimums in six bits.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q4_K
}

/// How the rows of a matrix lie in a file.
package enum StoredRowOrder: Sendable, Equatable {
    /// In the order that they have here.
    case asStored
    /// The halves of every head are interleaved: row `half * headSize / 2 + i` of a head lies at its row `2 * i + half`.
    case interleavedHalves(headSize: Int)

    /// The place of a row among those of the file.
    package func storedRow(of row: Int) -> Int {
        guard case .interleavedHalves(let headSize) = self else { return row }
        let (head, channel) = row.quotientAndRemainder(dividingBy: headSize)
        let (half, pair) = channel.quotientAndRemainder(dividingBy: headSize / 2)
        return head * headSize + 2 * pair + half
    }

    /// Rows that change places only among themselves.
    var rowsPerGroup: Int {
        switch self {
        case .asStored: 1
        case .interleavedHalves(let headSize): headSize
        }
    }
}

/// Why no weight can be made of a stored matrix.
package enum StoredMatrixError<Failure: Error>: Error {
    /// Its rows cannot be read.
    case unreadable(Failure)
    /// A weight that is not a number, infinite or beyond what the packed format holds.
    case outOfRange(WeightOutOfRange)
}

/// A weight that is not a number, or whose magnitude is over a limit.
package struct WeightOutOfRange: Error, Equatable {
    /// Its row.
    package let row: Int
    /// Its column.
    package let column: Int
    /// What it is.
    package let value: Float
    /// The largest magnitude that it may have.
    package let limit: Float
}
