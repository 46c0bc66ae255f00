import Checkpoints
import Tensors

/// The weights of a checkpoint as another checkpoint of the same shape stores them: under Hugging Face's names, in its row
/// order, decoded some rows at a time while they are written.
package struct ExportedWeights {
    let reader: WeightReader
    private let adapter: LoRAAdapter?

    /// Nothing is read yet.
    ///
    /// - Parameter adapter: is added to the weights that it is for.
    /// - Throws: `unknownAdapterLayer`.
    package init(
        of checkpoint: Checkpoint, _ configuration: TransformerConfiguration, adapter: LoRAAdapter? = nil
    ) throws(TransformerError) {
        try adapter?.checkLayers(count: configuration.layerCount)
        reader = WeightReader(checkpoint: checkpoint, configuration: configuration, precision: .float32)
        self.adapter = adapter
    }

    /// Positions that the model was made for.
    package var contextLength: Int { reader.configuration.contextLength }

    /// Every tensor that a model of this shape has, to be written as `format`.
    ///
    /// - Parameter replacements: numbers that take the place of the checkpoint's, by name: what was trained.
    /// - Precondition: each name of a replacement is that of a tensor.
    /// - Throws: what is wrong with a tensor's description, or with an adapter's factors.
    package func tensors(
        as format: StoredNumber, replacing replacements: [String: TensorSource.NumberReader] = [:]
    ) throws(TransformerError) -> [TensorSource] {
        var sources: [TensorSource] = []
        var replaced = 0
        for (tensor, part) in reader.configuration.tensors {
            let name = tensor.name(part, in: .huggingFace)
            let shape = reader.configuration.shape(of: tensor, part)
            let numbers: TensorSource.NumberReader
            if let replacement = replacements[name] {
                numbers = replacement
                replaced += 1
            } else {
                numbers = try stored(tensor, part, shape: shape)
            }
            sources.append(TensorSource(name: name, shape: shape, format: format, numbers: numbers))
        }
        precondition(replaced == replacements.count, "\(replacements.count) replacements of \(replaced) tensors")
        return sources
    }

    private func stored(
        _ tensor: TensorName, _ part: TensorName.Part, shape: [Int]
    ) throws(TransformerError) -> TensorSource.NumberReader {
        let description = try reader.describe(tensor.name(part, in: reader.layout), shape: shape)
        let update = try update(of: tensor, part, shape: shape)
        var order = StoredRowOrder.asStored
        if case .layer(_, let inLayer) = tensor { order = reader.order(of: inLayer) }
        guard shape.count == 2 else { return Self.vector(description, order) }
        return Self.matrix(description, order, update)
    }

    /// What the adapter adds to a weight; nil if it adds nothing.
    private func update(
        of tensor: TensorName, _ part: TensorName.Part, shape: [Int]
    ) throws(TransformerError) -> MergedUpdate? {
        guard let adapter, part == .weight, case .layer(let index, let inLayer) = tensor, shape.count == 2,
            let factors = try adapter.factors(of: inLayer, layer: index)
        else { return nil }
        let rank = adapter.configuration.rank
        return MergedUpdate(
            first: try adapter.matrix(factors.first, rows: rank, columns: shape[1]),
            second: try adapter.matrix(
                factors.second, rows: shape[0], columns: rank, scale: adapter.configuration.scale))
    }

    private static func vector(_ description: TensorDescription, _ order: StoredRowOrder) -> TensorSource.NumberReader {
        { offset, piece throws(CheckpointError) in
            let elements = description.format.decode(try description.bytes(), count: description.elementCount)
            for index in piece.indices {
                piece[index] = elements[order.storedRow(of: offset + index)]
            }
        }
    }

    private static func matrix(
        _ description: TensorDescription, _ order: StoredRowOrder, _ update: MergedUpdate?
    ) -> TensorSource.NumberReader {
        let columns = description.shape[1]
        let rowSize = description.byteRange.count / description.shape[0]
        return { offset, piece throws(CheckpointError) in
            var bytes = [UInt8](repeating: 0, count: rowSize)
            var filled = 0
            while filled < piece.count {
                let (row, column) = (offset + filled).quotientAndRemainder(dividingBy: columns)
                try bytes.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
                    try description.read(
                        from: order.storedRow(of: row) * rowSize, into: UnsafeMutableRawBufferPointer(buffer))
                }
                var elements = description.format.decode(bytes, count: columns)
                update?.add(row: row, to: &elements)
                let count = min(columns - column, piece.count - filled)
                for index in 0..<count {
                    piece[filled + index] = elements[column + index]
                }
                filled += count
            }
        }
    }
}

/// The two factors of an update, to be multiplied out.
private struct MergedUpdate {
    /// `[rank, inputs]`
    let first: Matrix
    /// `[outputs, rank]`, times the adapter's scale.
    let second: Matrix

    /// Adds a row of their product.
    func add(row: Int, to elements: inout [Float]) {
        for (inner, factor) in second.row(row).enumerated() where factor != 0 {
            let direction = first.row(inner)
            for index in elements.indices {
                elements[index] += factor * direction[index]
            }
        }
    }
}
