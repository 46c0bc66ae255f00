import Checkpoints
import Tensors

extension Transformer {
    /// This model with what an adapter adds to its linear layers. The weights are shared: both models read the same memory.
    ///
    /// - Precondition: this model has no adapter.
    /// - Throws: `TransformerError`, naming file and tensor: one that the base has no place for, one that is missing, and wrong
    ///   shapes and numbers.
    package func adapted(by adapter: LoRAAdapter) throws(TransformerError) -> Transformer {
        precondition(weights.layers.allSatisfy { $0.updates == nil }, "a model that has an adapter already")
        let reader = try LowRankReader(adapter: adapter, base: weights)
        var updates: [LayerUpdates] = []
        for (index, layer) in weights.layers.enumerated() {
            updates.append(try reader.updates(of: layer, index: index))
        }
        return Transformer(configuration: configuration, weights: weights.updated(by: updates))
    }
}

/// Reads the factors of one adapter in the shapes that the base's weights give them.
private struct LowRankReader {
    let adapter: LoRAAdapter

    /// A linear layer of a decoder layer, and what it is called.
    typealias NamedLayer = (tensor: TensorName.LayerTensor, layer: LinearLayer)

    /// - Throws: `unknownAdapterLayer` for a tensor of what the base does not have.
    init(adapter: LoRAAdapter, base: TransformerWeights) throws(TransformerError) {
        self.adapter = adapter
        try adapter.checkLayers(count: base.layers.count)
    }

    func updates(of layer: TransformerWeights.Layer, index: Int) throws(TransformerError) -> LayerUpdates {
        LayerUpdates(
            attentionInputs: try update(of: layer.linearLayers(.attentionInputs), layer: index),
            attentionOutput: try update(of: layer.linearLayers(.attentionOutput), layer: index),
            feedForwardInputs: try update(of: layer.linearLayers(.feedForwardInputs), layer: index),
            feedForwardOutput: try update(of: layer.linearLayers(.feedForwardOutput), layer: index))
    }

    /// What is added to the linear layers that read one input; nil if none of them is adapted.
    private func update(
        of linearLayers: [NamedLayer], layer index: Int
    ) throws(TransformerError) -> LowRankUpdate? {
        let rank = adapter.configuration.rank
        var reduction: [Float] = []
        var reductionNames: [String] = []
        var expansions: [Matrix?] = []
        for (tensor, layer) in linearLayers {
            guard let factors = try adapter.factors(of: tensor, layer: index) else {
                expansions.append(nil)
                continue
            }
            let first = try adapter.matrix(factors.first, rows: rank, columns: layer.weight.columns)
            let second = try adapter.matrix(
                factors.second, rows: layer.weight.rows, columns: rank, scale: adapter.configuration.scale)
            for row in 0..<rank {
                reduction += first.row(row)
            }
            reductionNames.append(factors.first.name)
            expansions.append(second)
        }
        guard !reduction.isEmpty, let base = linearLayers.first?.layer.weight else { return nil }
        do throws(WeightOutOfRange) {
            return try LowRankUpdate(
                first: Matrix(columns: base.columns, elements: reduction), second: expansions, beside: base)
        } catch {
            throw .weightOutOfRange(
                file: adapter.tensorsFile, tensor: reductionNames[error.row / rank],
                index: [error.row % rank, error.column], found: error.value, limit: error.limit)
        }
    }
}
