/// Vectors of one length in double precision, `[rows, columns]`, row after row.
///
/// A row is kept in chunks of eight numbers, the last of which is filled with zeros, so that products and distances are
/// computed in vector instructions with no pointer in sight.
package struct VectorTable: Sendable, Equatable {
    /// Vectors.
    package let rowCount: Int
    /// Numbers of a vector.
    package let columns: Int
    /// Of each row.
    let chunkCount: Int
    var chunks: [SIMD8<Double>]

    /// - Precondition: the rows are of one length, which is not 0.
    package init(_ rows: [[Double]]) {
        rowCount = rows.count
        columns = rows.first?.count ?? 0
        chunkCount = (columns + 7) / 8
        chunks = []
        chunks.reserveCapacity(rowCount * chunkCount)
        for row in rows {
            precondition(row.count == columns && columns > 0, "a row of \(row.count) in a table of \(columns) columns")
            chunks += Self.chunks(of: row)
        }
    }

    /// So many rows of zeros.
    package init(zeros rowCount: Int, columns: Int) {
        self.rowCount = rowCount
        self.columns = columns
        chunkCount = (columns + 7) / 8
        chunks = Array(repeating: .zero, count: rowCount * chunkCount)
    }

    /// The vectors scaled to length 1; a vector of zeros stays one.
    package init(normalizing rows: [[Float]]) {
        self.init(
            rows.map { row in
                let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                return norm > 0 ? row.map { Double($0) / norm } : row.map(Double.init)
            })
    }

    /// A copy of one row, `[columns]`.
    package func row(_ index: Int) -> [Double] {
        chunks[range(index)].flatMap { chunk in (0..<8).map { chunk[$0] } }.prefix(columns).map(\.self)
    }

    /// The table of some rows, in the order given.
    package func rows(_ indices: [Int]) -> VectorTable {
        var table = VectorTable(zeros: indices.count, columns: columns)
        for (position, index) in indices.enumerated() {
            table.setRow(position, to: self, row: index)
        }
        return table
    }

    /// The scalar product of a row with a row of another table of as many columns.
    package func dot(_ index: Int, _ other: VectorTable, _ otherIndex: Int) -> Double {
        precondition(columns == other.columns, "vectors of \(columns) and of \(other.columns) numbers")
        let (start, otherStart) = (index * chunkCount, otherIndex * chunkCount)
        var sum = SIMD8<Double>.zero
        for offset in 0..<chunkCount {
            sum += chunks[start + offset] * other.chunks[otherStart + offset]
        }
        return sum.sum()
    }

    /// The squared Euclidean distance between a row and a row of another table of as many columns.
    package func squaredDistance(_ index: Int, _ other: VectorTable, _ otherIndex: Int) -> Double {
        precondition(columns == other.columns, "vectors of \(columns) and of \(other.columns) numbers")
        let (start, otherStart) = (index * chunkCount, otherIndex * chunkCount)
        var sum = SIMD8<Double>.zero
        for offset in 0..<chunkCount {
            let difference = chunks[start + offset] - other.chunks[otherStart + offset]
            sum += difference * difference
        }
        return sum.sum()
    }

    mutating func setRow(_ index: Int, to other: VectorTable, row: Int) {
        chunks.replaceSubrange(range(index), with: other.chunks[other.range(row)])
    }

    /// Adds a multiple of a row of another table to a row.
    mutating func add(_ factor: Double, times other: VectorTable, row: Int, to index: Int) {
        let (start, otherStart) = (index * chunkCount, row * chunkCount)
        for offset in 0..<chunkCount {
            chunks[start + offset] += factor * other.chunks[otherStart + offset]
        }
    }

    mutating func scaleRow(_ index: Int, by factor: Double) {
        for position in range(index) { chunks[position] *= factor }
    }

    private func range(_ index: Int) -> Range<Int> { index * chunkCount..<(index + 1) * chunkCount }

    static func chunks(of row: [Double]) -> [SIMD8<Double>] {
        stride(from: 0, to: row.count, by: 8).map { start in
            var chunk = SIMD8<Double>.zero
            for lane in 0..<min(8, row.count - start) { chunk[lane] = row[start + lane] }
            return chunk
        }
    }
}
