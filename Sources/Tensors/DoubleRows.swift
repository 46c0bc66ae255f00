import CKernels

/// Rows of double precision, for sums of products that have to be closer than float32 is.
package struct DoubleRows: Sendable {
    /// How many rows there are.
    package let rowCount: Int
    /// Channels of a row that count; zeros follow up to a whole number of `lanes`.
    package let channels: Int
    private let stride: Int
    private var elements: [Double]

    private static let lanes = 8

    /// Zeros, `[rows, channels]`.
    package init(rowCount: Int, channels: Int) {
        precondition(rowCount >= 0 && channels > 0, "\(rowCount) rows of \(channels) channels")
        self.rowCount = rowCount
        self.channels = channels
        stride = (channels + Self.lanes - 1) / Self.lanes * Self.lanes
        elements = [Double](repeating: 0, count: rowCount * stride)
    }

    /// Adds the first channels of these values to a row.
    package mutating func add(_ values: ArraySlice<Float>, toRow row: Int) {
        precondition(row < rowCount && values.count >= channels, "\(values.count) values for row \(row) of \(rowCount)")
        for (place, value) in zip(row * stride..<row * stride + channels, values) { elements[place] += Double(value) }
    }

    /// The sum of all rows, as one.
    package var total: DoubleRows {
        var total = DoubleRows(rowCount: 1, channels: channels)
        for (place, element) in elements.enumerated() { total.elements[place % stride] += element }
        return total
    }

    /// The products of each row with each of the others', `[rows, other rows]`: bits depend on the two rows alone.
    ///
    /// - Precondition: both have the same channels.
    package func products(with others: DoubleRows, kernels: Kernels = .chosen) -> [Double] {
        precondition(channels == others.channels, "\(channels) channels with \(others.channels)")
        let count = rowCount * others.rowCount
        return [Double](unsafeUninitializedCapacity: count) { products, initializedCount in
            initializedCount = count
            guard let products = products.baseAddress, count > 0 else { return }
            elements.withUnsafeBufferPointer { first in
                others.elements.withUnsafeBufferPointer { second in
                    grace_double_products(
                        kernels.native, first.baseAddress, second.baseAddress, products, rowCount, others.rowCount,
                        stride)
                }
            }
        }
    }
}
