import Checkpoints
import Tensors

/// A linear layer as checkpoints store it.
package struct LinearLayer: Sendable {
    /// `[outputs, inputs]`
    package let weight: Weight
    /// `[1, outputs]`
    package let bias: Matrix?
}

/// The weights of a decoder, in Hugging Face's row order.
package struct TransformerWeights: Sendable {
    /// One decoder layer. H heads, K key-value heads, D channels of a head, C hidden, F feed-forward channels.
    package struct Layer: Sendable {
        /// `[1, C]`
        package let attentionNorm: Matrix
        /// `[H * D, C]`
        package let query: LinearLayer
        /// `[K * D, C]`
        package let key: LinearLayer
        /// `[K * D, C]`
        package let value: LinearLayer
        /// `[1, D]`, Qwen3 alone.
        package let queryNorm: Matrix?
        /// `[1, D]`, Qwen3 alone.
        package let keyNorm: Matrix?
        /// `[C, H * D]`
        package let attentionOutput: LinearLayer
        /// `[1, C]`
        package let feedForwardNorm: Matrix
        /// `[F, C]`
        package let gate: LinearLayer
        /// `[F, C]`
        package let up: LinearLayer
        /// `[C, F]`
        package let down: LinearLayer
        /// What an adapter adds to the linear layers; nil where there is none.
        package internal(set) var updates: LayerUpdates?
    }

    /// `[V, C]`
    package let embedding: Weight
    /// In the order of computation, `layerCount` of them.
    package private(set) var layers: [Layer]
    /// `[1, C]`
    package let finalNorm: Matrix
    /// The product that gives logits, `[V, C]`; the embedding itself where the two are tied.
    package let head: Weight
    /// The rotary frequencies, scaled as the checkpoint asks.
    package let rotary: Rotary

    /// Whether a token's states and logits have the same bits in whatever step they are computed.
    package var areBatchInvariant: Bool { head.keepsRowsApart }

    init(embedding: Weight, layers: [Layer], finalNorm: Matrix, head: Weight, rotary: Rotary) {
        self.embedding = embedding
        self.layers = layers
        self.finalNorm = finalNorm
        self.head = head
        self.rotary = rotary
    }

    /// Reads every weight.
    ///
    /// - Throws: `TransformerError`, naming file and tensor.
    package init(
        of checkpoint: Checkpoint, _ configuration: TransformerConfiguration, precision: Precision = .float32
    ) throws(TransformerError) {
        let reader = WeightReader(checkpoint: checkpoint, configuration: configuration, precision: precision)
        let c = configuration
        embedding = try reader.matrix(.embedding, rows: c.vocabularySize, columns: c.hiddenSize)
        var layers: [Layer] = []
        for index in 0..<c.layerCount {
            layers.append(try reader.layer(index))
        }
        self.layers = layers
        finalNorm = try reader.vector(.finalNorm, count: c.hiddenSize)
        head =
            c.tiesHeadToEmbedding
            ? embedding : try reader.matrix(.head, rows: c.vocabularySize, columns: c.hiddenSize)
        rotary = try reader.rotary()
    }

    /// The same weights, in the same memory, with what an adapter adds to each layer.
    package func updated(by updates: [LayerUpdates]) -> TransformerWeights {
        precondition(updates.count == layers.count, "updates of \(updates.count) layers for \(layers.count)")
        var weights = self
        for (index, update) in updates.enumerated() {
            weights.layers[index].updates = update
        }
        return weights
    }
}

extension TransformerWeights.Layer {
    /// The linear layers that read one input, in the order of an adapter's updates.
    package func linearLayers(_ group: LinearGroup) -> [(tensor: TensorName.LayerTensor, layer: LinearLayer)] {
        switch group {
        case .attentionInputs: [(.query, query), (.key, key), (.value, value)]
        case .attentionOutput: [(.attentionOutput, attentionOutput)]
        case .feedForwardInputs: [(.gate, gate), (.up, up)]
        case .feedForwardOutput: [(.down, down)]
        }
    }
}
