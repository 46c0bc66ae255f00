import TensorGradients
import Tensors
import Transformer

/// Where the gradients over a model's weights go; nil for what is not trained.
struct ModelGradients {
    /// Of one linear layer.
    struct Linear {
        var weight: TrainableMatrix?
        var bias: TrainableMatrix?
    }

    /// Of one decoder layer.
    struct Layer {
        var attentionNorm: TrainableMatrix?
        var queryNorm: TrainableMatrix?
        var keyNorm: TrainableMatrix?
        var feedForwardNorm: TrainableMatrix?
        /// Of the linear layers of each group, in the order of `TransformerWeights.Layer.linearLayers(_:)`.
        var linear: [LinearGroup: [Linear]] = [:]
        /// What an adapter adds to each group.
        var updates: [LinearGroup: LowRankFactors] = [:]
    }

    var embedding: TrainableMatrix?
    var layers: [Layer]
    var finalNorm: TrainableMatrix?
    /// The embedding's where the two are tied.
    var head: TrainableMatrix?
}

/// The trained factors of what an adapter adds to the linear layers of one group: `scale * B (A x)`.
struct LowRankFactors {
    /// The A of all adapted layers, one below the other, `[ranks, inputs]`.
    let first: Parameter
    /// For each linear layer of the group its B, `[outputs, rank]`, in the order of the ranks; nil where it has none.
    let second: [Parameter?]
    /// Alpha over rank.
    let scale: Float

    /// What is computed with beside a weight, made of the factors as they are now.
    ///
    /// - Throws: `WeightOutOfRange`
    func update(beside base: Weight) throws(WeightOutOfRange) -> LowRankUpdate {
        try LowRankUpdate(
            first: first.value.matrix, second: second.map { $0?.value.matrix.scaled(by: scale) }, beside: base)
    }
}
