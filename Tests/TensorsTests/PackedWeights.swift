import Tensors
import TestSupport

extension StoredMatrix where Failure == Never {
    /// A matrix of float32 as a file would store it.
    init(rows: Int, elements: [Float], order: StoredRowOrder = .asStored) {
        let columns = elements.count / rows
        self.init(
            rows: rows, columns: columns, rowSize: columns * 4, order: order, decoder: NumberFormats.decodeFloat32,
            reader: reading(elements.flatMap { LittleEndian.bytes($0.bitPattern) }, rowSize: columns * 4))
    }

    /// Rows of ggml's blocks of four bits.
    init(rows: Int, columns: Int, blocks: FourBitBlocks, bytes: [UInt8]) {
        let decoder: Decoder =
            switch blocks {
            case .q4_0: NumberFormats.decodeQ4_0
            case .q4_1: NumberFormats.decodeQ4_1
            case .q4_K: NumberFormats.decodeQ4_K
            }
        let rowSize = bytes.count / rows
        self.init(
            rows: rows, columns: columns, rowSize: rowSize, fourBitBlocks: blocks, decoder: decoder,
            reader: reading(bytes, rowSize: rowSize))
    }
}

/// Copies rows out of memory.
private func reading(_ bytes: [UInt8], rowSize: Int) -> StoredMatrix<Never>.Reader {
    { rows, output in
        bytes.withUnsafeBytes { source in
            output.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[rows.lowerBound * rowSize..<rows.upperBound * rowSize]))
        }
    }
}

extension Weight {
    /// A weight of these rows.
    init(_ rows: [[Float]], packedAs format: PackedFormat?) {
        do {
            try self.init(StoredMatrix(rows: rows.count, elements: rows.flatMap { $0 }), packedAs: format)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The numbers that products are computed with.
    var widened: [[Float]] {
        let row = Activation(rowCapacity: 1, columns: columns)
        return (0..<rows).map { index in
            row.copyRow(0, from: self, row: index)
            return row.row(0)
        }
    }
}

extension Activation {
    /// The first `rows` rows of a product.
    static func product(
        _ input: Activation, byTransposeOf weight: Weight, rows: Int, threads: Int = 1, kernels: Kernels
    ) -> [[Float]] {
        let output = Activation(rowCapacity: rows, columns: weight.rows)
        Workers(count: threads, kernels: kernels).multiply(input, byTransposeOf: weight, into: output, rows: rows)
        return output.allRows
    }
}

/// The inputs that products of a format are computed with, by the definitions of `PackedFormat` and in double precision.
func preparedInput(_ row: [Float], for format: PackedFormat) -> [Double] {
    switch format {
    case .bfloat16: row.map { Double(roundedToBFloat16($0)) }
    case .int8, .int4:
        stride(from: 0, to: row.count, by: 64).flatMap { first -> [Double] in
            let group = row[first..<min(first + 64, row.count)]
            let largest = group.reduce(0) { max($0, abs($1)) }
            guard largest > 0 else { return group.map { _ in 0 } }
            return group.map { Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) * Double(largest / 127) }
        }
    }
}

/// The nearest bfloat16, ties to even.
func roundedToBFloat16(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
}
