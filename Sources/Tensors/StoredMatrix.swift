import Dispatch

/// A matrix as a file stores it: bytes that are decoded row by row while a weight is made of them, so that there is never
/// a whole copy in between.
// Sendable although it holds a pointer: nothing writes the bytes.
package struct StoredMatrix: @unchecked Sendable {
    /// Blocks of 32 weights of four bits that can be packed as they are.
    package enum FourBitBlocks: Sendable {
        /// `(quant - 8) * scale`
        case q4_0
        /// `quant * scale + minimum`
        case q4_1
    }

    /// Decodes one row's bytes into its elements.
    package typealias Decoder = @Sendable (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void

    /// At least 1.
    package let rows: Int
    /// At least 1.
    package let columns: Int
    private let bytes: UnsafeRawBufferPointer
    private let decoder: Decoder
    private let storedRow: @Sendable (Int) -> Int
    private let release: @Sendable (Range<Int>) -> Void
    let fourBitBlocks: FourBitBlocks?

    /// Takes `[rows, columns]` in `bytes`, which must outlive the value; they may be unaligned.
    ///
    /// - Parameters:
    ///   - fourBitBlocks: the blocks that a row consists of, if they are of four bits.
    ///   - storedRow: the place of a row of this matrix among the rows in `bytes`.
    ///   - release: told the ranges of `bytes` that have been read, in any order and by several threads at once.
    package init(
        rows: Int, columns: Int, bytes: UnsafeRawBufferPointer, decoder: @escaping Decoder,
        fourBitBlocks: FourBitBlocks? = nil, storedRow: @escaping @Sendable (Int) -> Int = { $0 },
        release: @escaping @Sendable (Range<Int>) -> Void = { _ in }
    ) {
        precondition(rows > 0 && columns > 0, "a matrix of \(rows) rows and \(columns) columns")
        precondition(bytes.count % rows == 0, "\(bytes.count) bytes in \(rows) rows")
        self.rows = rows
        self.columns = columns
        self.bytes = bytes
        self.decoder = decoder
        self.fourBitBlocks = fourBitBlocks
        self.storedRow = storedRow
        self.release = release
    }

    private var rowSize: Int { bytes.count / rows }

    func bytes(ofRow row: Int) -> UnsafeRawBufferPointer {
        let start = storedRow(row) * rowSize
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowSize])
    }

    /// `[range.count, columns]`
    func decode(_ range: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) {
        for (index, row) in range.enumerated() {
            let place = output[index * columns..<(index + 1) * columns]
            decoder(bytes(ofRow: row), UnsafeMutableBufferPointer(rebasing: place))
        }
    }

    /// Calls `read` with ranges of rows, on all processors at once; all but the last are multiples of `step` rows.
    func readRows(inMultiplesOf step: Int, _ read: @Sendable (Range<Int>) -> Void) {
        // Pieces of about 256 KiB of float32: small enough to share out, large enough to be worth a dispatch.
        let rowsPerPiece = max(1, (1 << 16) / (columns * step)) * step
        DispatchQueue.concurrentPerform(iterations: (rows + rowsPerPiece - 1) / rowsPerPiece) { piece in
            let range = piece * rowsPerPiece..<min(rows, (piece + 1) * rowsPerPiece)
            read(range)
            // Where rows are stored in another order these may be others; what is read again comes from the file again.
            release(range.lowerBound * rowSize..<range.upperBound * rowSize)
        }
    }
}
