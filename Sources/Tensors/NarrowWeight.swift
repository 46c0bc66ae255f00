import CKernels

/// The weight of a linear layer of few inputs, `[outputs, inputs]`, whose products are added to an output: the second factor
/// of a low-rank update.
// Sendable although it holds a pointer: the panels are written only in `init`.
package final class NarrowWeight: @unchecked Sendable {
    /// What its numbers are stored in; inputs and sums are float32.
    package enum Format: Sendable, CaseIterable {
        case float32, bfloat16

        fileprivate var native: grace_narrow_format {
            switch self {
            case .float32: GRACE_NARROW_FLOAT32
            case .bfloat16: GRACE_NARROW_BFLOAT16
            }
        }

        /// Bytes that a weight takes.
        package func byteCount(outputs: Int, inputs: Int) -> Int { grace_narrow_size(native, outputs, inputs) }
    }

    /// What its numbers are.
    package let format: Format
    /// Outputs.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    private let panels: UnsafeMutableRawBufferPointer

    /// Packs a matrix, `[outputs, inputs]`.
    package init(_ matrix: Matrix, as format: Format) {
        self.format = format
        rows = matrix.rows
        columns = matrix.columns
        panels = UnsafeMutableRawBufferPointer.allocate(
            byteCount: format.byteCount(outputs: matrix.rows, inputs: matrix.columns), alignment: 64)
        grace_narrow_pack(format.native, matrix.pointer(toRow: 0), rows, columns, panels.baseAddress)
    }

    /// Its numbers, outputs times inputs.
    package var elementCount: Int { rows * columns }

    /// Bytes that the weight takes.
    package var byteCount: Int { panels.count }

    /// Panels of 16 outputs; the last may not be full.
    fileprivate var panelCount: Int { grace_narrow_panel_count(rows) }

    /// `output[count, rows] += input[count, columns] x weight^T` for some panels; rows of input are `stride` apart.
    fileprivate func add(
        _ input: UnsafePointer<Float>, stride: Int, count: Int, panels range: Range<Int>,
        to output: UnsafeMutablePointer<Float>, _ kernels: grace_kernels
    ) {
        grace_narrow_add(
            kernels, format.native, panels.baseAddress, input, stride, output, count, rows, columns, range.lowerBound,
            range.upperBound)
    }

    deinit {
        panels.deallocate()
    }
}

/// One product that is added to an output: `output += input[first column...] x weight^T`.
package struct NarrowProduct {
    /// `[rows, columns]`
    package let input: Activation
    /// Where the inputs of this product begin in a row.
    package let firstColumn: Int
    /// `[outputs, inputs]`
    package let weight: NarrowWeight
    /// `[rows, outputs]`
    package let output: Activation

    /// Takes the parts as they are.
    package init(input: Activation, firstColumn: Int, weight: NarrowWeight, output: Activation) {
        precondition(
            firstColumn >= 0 && firstColumn + weight.columns <= input.columns,
            "\(weight.columns) inputs from \(firstColumn) on of \(input.columns)")
        precondition(output.columns == weight.rows, "outputs of \(output.columns), a weight for \(weight.rows)")
        self.input = input
        self.firstColumn = firstColumn
        self.weight = weight
        self.output = output
    }
}

extension Workers {
    /// Adds every product to its output, for the first `rows` rows; the threads meet once.
    ///
    /// A row's bits depend on that row alone.
    /// - Precondition: no two products have one output.
    package func add(_ products: [NarrowProduct], rows: Int) {
        guard rows > 0 else { return }
        var ends: [Int] = []
        var cost = 0
        for product in products {
            precondition(
                rows <= product.input.rowCapacity && rows <= product.output.rowCapacity, "\(rows) rows do not fit")
            ends.append((ends.last ?? 0) + product.weight.panelCount)
            cost += rows * product.weight.elementCount
        }
        run(ends.last ?? 0, cost: cost) { _, panels in
            for (product, end) in zip(products, ends) {
                let first = end - product.weight.panelCount
                let own = panels.clamped(to: first..<end)
                guard !own.isEmpty else { continue }
                product.weight.add(
                    product.input.pointer(toRow: 0) + product.firstColumn, stride: product.input.columns, count: rows,
                    panels: own.lowerBound - first..<own.upperBound - first, to: product.output.pointer(toRow: 0),
                    kernels)
            }
        }
    }
}
