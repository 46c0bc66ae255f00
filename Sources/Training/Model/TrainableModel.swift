import Checkpoints
import TensorGradients
import Tensors
import Transformer

/// A model, some of whose weights are trained: all of its own, or those of an adapter beside them. What is trained is in
/// float32.
///
/// It belongs to one thread: it is not `Sendable`.
package final class TrainableModel {
    /// What computes, with the weights as they are now.
    package private(set) var transformer: Transformer
    /// What is trained, in a fixed order.
    package let parameters: [Parameter]
    /// The adapter that is trained; nil where the model itself is.
    package let adapter: AdapterSettings?
    let gradients: ModelGradients
    let returnWeights: ReturnWeights

    /// Trains all weights of a model, whose memory it takes over: no other may use them.
    ///
    /// - Precondition: the weights are in float32, without an adapter.
    package init(training transformer: Transformer) {
        var builder = ParameterBuilder()
        gradients = builder.gradients(of: transformer.weights)
        parameters = builder.parameters
        adapter = nil
        returnWeights = ReturnWeights(transformer.weights)
        self.transformer = transformer
    }

    /// Trains an adapter beside a model, which stays as it is.
    ///
    /// - Parameter seed: of the factors' first values.
    /// - Precondition: the weights are in float32 or bfloat16, without an adapter.
    package init(
        training adapter: AdapterSettings, beside transformer: Transformer, seed: UInt64
    ) throws(TrainingError) {
        var builder = ParameterBuilder()
        gradients = builder.gradients(of: adapter, beside: transformer.weights, seed: seed)
        parameters = builder.parameters
        self.adapter = adapter
        returnWeights = ReturnWeights(transformer.weights)
        self.transformer = transformer
        try refresh()
    }

    /// Takes over what was written to the parameters. The weights of a model are read where they are; what an adapter adds is
    /// packed anew.
    ///
    /// - Throws: `TrainingError.weightNotFinite`
    package func refresh() throws(TrainingError) {
        guard adapter != nil else { return }
        transformer = try adapted(transformer)
    }

    /// This model as engines run it.
    ///
    /// - Parameter base: where an adapter is trained, what it stands on, in the format that the engine is to compute in; nil
    ///   packs the model itself.
    /// - Throws: `TrainingError.weightNotFinite`
    package func served(by base: Transformer?, as format: PackedFormat?) throws(TrainingError) -> Transformer {
        if let base, adapter != nil { return try adapted(base) }
        guard let format else { return transformer }
        do throws(WeightOutOfRange) {
            return Transformer(
                configuration: transformer.configuration, weights: try transformer.weights.packed(as: format))
        } catch {
            throw .weightNotFinite(found: error.value)
        }
    }

    private func adapted(_ base: Transformer) throws(TrainingError) -> Transformer {
        do throws(WeightOutOfRange) {
            var updates: [LayerUpdates] = []
            for (layer, weights) in zip(gradients.layers, base.weights.layers) {
                func update(_ group: LinearGroup) throws(WeightOutOfRange) -> LowRankUpdate? {
                    guard let factors = layer.updates[group] else { return nil }
                    return try factors.update(beside: weights.linearLayers(group)[0].layer.weight)
                }
                updates.append(
                    LayerUpdates(
                        attentionInputs: try update(.attentionInputs), attentionOutput: try update(.attentionOutput),
                        feedForwardInputs: try update(.feedForwardInputs),
                        feedForwardOutput: try update(.feedForwardOutput)))
            }
            return Transformer(configuration: base.configuration, weights: base.weights.updated(by: updates))
        } catch {
            throw .weightNotFinite(found: error.value)
        }
    }

    /// Makes all gradients 0.
    package func clearGradients() {
        for parameter in parameters { parameter.gradient.clear() }
    }

    /// Numbers that are trained.
    package var parameterCount: Int { parameters.reduce(0) { $0 + $1.value.count } }
}

/// The adapter to train (LoRA, Hu et al. 2021).
package struct AdapterSettings: Sendable, Equatable {
    /// Columns of each B and rows of each A.
    package var rank: Int
    /// Over the rank it is what the product of the factors is multiplied with.
    package var alpha: Double
    /// The linear layers that are adapted, by their names: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`,
    /// `down_proj`.
    package var targets: Set<String>
    /// The share of an adapted layer's input that the adapter does not see.
    package var dropout: Double

    /// Takes all as they are; by default all linear layers are adapted.
    package init(rank: Int = 8, alpha: Double = 16, targets: Set<String> = Self.allTargets, dropout: Double = 0) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.dropout = dropout
    }

    /// Every linear layer of a decoder layer.
    package static let allTargets: Set<String> = [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    ]
}
