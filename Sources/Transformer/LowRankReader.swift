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

    private static let linearLayers: [TensorName.LayerTensor] = [
        .query, .key, .value, .attentionOutput, .gate, .up, .down,
    ]

    /// - Throws: `unknownAdapterLayer` for a tensor of what the base does not have.
    init(adapter: LoRAAdapter, base: TransformerWeights) throws(TransformerError) {
        self.adapter = adapter
        let known = Set(base.layers.indices.flatMap { index in Self.linearLayers.map { Self.module(index, $0) } })
        for module in adapter.modules.keys.sorted() where !known.contains(module) {
            throw .unknownAdapterLayer(
                file: adapter.tensorsFile, tensor: LoRAAdapter.tensorName(of: module, isFirst: true),
                layerCount: base.layers.count)
        }
    }

    /// The layer's path in the base, as adapters have it whatever layout the base is in.
    private static func module(_ index: Int, _ tensor: TensorName.LayerTensor) -> String {
        TensorName.layer(index, tensor).stem(in: .huggingFace)
    }

    func updates(of layer: TransformerWeights.Layer, index: Int) throws(TransformerError) -> LayerUpdates {
        LayerUpdates(
            attentionInputs: try update(of: layer.attentionInputs, layer: index),
            attentionOutput: try update(of: layer.attentionOutputs, layer: index),
            feedForwardInputs: try update(of: layer.feedForwardInputs, layer: index),
            feedForwardOutput: try update(of: layer.feedForwardOutputs, layer: index))
    }

    /// What is added to the linear layers that read one input; nil if none of them is adapted.
    private func update(
        of linearLayers: [NamedLayer], layer index: Int
    ) throws(TransformerError) -> LowRankUpdate? {
        let rank = adapter.configuration.rank
        var reduction: [Float] = []
        var reductionNames: [String] = []
        var expansions: [NarrowWeight?] = []
        for (tensor, layer) in linearLayers {
            guard let factors = try factors(of: tensor, layer: index) else {
                expansions.append(nil)
                continue
            }
            let first = try matrix(factors.first, rows: rank, columns: layer.weight.columns)
            let second = try matrix(
                factors.second, rows: layer.weight.rows, columns: rank, scale: adapter.configuration.scale)
            for row in 0..<rank {
                reduction += first.row(row)
            }
            reductionNames.append(factors.first.name)
            expansions.append(NarrowWeight(second, as: layer.weight.updateFormat.expansion))
        }
        guard !reduction.isEmpty, let base = linearLayers.first?.layer.weight else { return nil }
        let matrix = Matrix(columns: base.columns, elements: reduction)
        do throws(StoredMatrixError<Never>) {
            return LowRankUpdate(
                reduction: try Weight(matrix, packedAs: base.updateFormat.reduction), expansions: expansions)
        } catch {
            switch error {
            case .outOfRange(let weight):
                throw .weightOutOfRange(
                    file: adapter.tensorsFile, tensor: reductionNames[weight.row / rank],
                    index: [weight.row % rank, weight.column], found: weight.value, limit: weight.limit)
            }
        }
    }

    /// The factors of one linear layer; nil if it is left as it is.
    ///
    /// - Throws: `missingTensor` where the configuration asks for an update that is not there, `untargetedAdapterLayer` for the
    ///   opposite.
    private func factors(
        of tensor: TensorName.LayerTensor, layer index: Int
    ) throws(TransformerError) -> LoRAAdapter.Factors? {
        let module = Self.module(index, tensor)
        let factors = adapter.modules[module]
        let name = LoRAAdapter.tensorName(of: module, isFirst: true)
        switch (adapter.configuration.adapts(module, layer: index), factors) {
        case (true, nil):
            throw .checkpoint(.missingTensor(file: adapter.tensorsFile, tensor: name))
        case (false, .some):
            throw .untargetedAdapterLayer(
                file: adapter.tensorsFile, tensor: name, layers: adapter.configuration.layers ?? [])
        default:
            return factors
        }
    }

    /// `[rows, columns]`, each number multiplied by `scale`.
    private func matrix(
        _ description: TensorDescription, rows: Int, columns: Int, scale: Float = 1
    ) throws(TransformerError) -> Matrix {
        guard description.shape == [rows, columns] else {
            throw .wrongShape(
                file: adapter.tensorsFile, tensor: description.name, found: description.shape,
                expected: [rows, columns])
        }
        let bytes: [UInt8]
        do throws(CheckpointError) {
            bytes = try description.bytes()
        } catch {
            throw .checkpoint(error)
        }
        // A finite number may be none any more once it is scaled.
        let elements = description.format.decode(bytes, count: rows * columns)
        if let index = elements.firstIndex(where: { !($0 * scale).isFinite }) {
            throw .weightOutOfRange(
                file: adapter.tensorsFile, tensor: description.name, index: [index / columns, index % columns],
                found: elements[index], limit: .greatestFiniteMagnitude / max(1, abs(scale)))
        }
        return Matrix(columns: columns, elements: elements.map { $0 * scale })
    }
}

extension TransformerWeights.Layer {
    // The linear layers by the input that they read.

    fileprivate var attentionInputs: [LowRankReader.NamedLayer] { [(.query, query), (.key, key), (.value, value)] }
    fileprivate var attentionOutputs: [LowRankReader.NamedLayer] { [(.attentionOutput, attentionOutput)] }
    fileprivate var feedForwardInputs: [LowRankReader.NamedLayer] { [(.gate, gate), (.up, up)] }
    fileprivate var feedForwardOutputs: [LowRankReader.NamedLayer] { [(.down, down)] }
}

extension Weight {
    /// The number formats of an update of this weight's output.
    fileprivate var updateFormat: (reduction: PackedFormat?, expansion: NarrowWeight.Format) {
        switch self {
        case .float32: (nil, .float32)
        case .packed(let weight):
            // An update reads the input as the weight does: it is prepared once, and computed in the same piece of work.
            switch weight.format {
            case .bfloat16: (.bfloat16, .bfloat16)
            case .int8, .int4: (.int8, .bfloat16)
            }
        }
    }
}
