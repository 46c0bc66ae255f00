import Tensors

extension TransformerWeights.Layer {
    /// What a token is multiplied with.
    fileprivate var products: [Weight] {
        [query, key, value, attentionOutput, gate, up, down].map(\.weight)
    }
}

/// What a step costs: the base of what a machine could do at most. Norms and biases, thousandths of it, are left out.
extension TransformerWeights {
    /// Bytes that a step reads of which rows are written, however many: those of all layers and of the head.
    package var bytesPerStep: Int {
        layers.reduce(head.byteCount) { $0 + $1.products.reduce(0) { $0 + $1.byteCount } } + updateBytes
    }

    /// Parameters that a token of a prompt is multiplied with: those of all layers.
    package var parametersPerPromptToken: Int {
        layers.reduce(0) {
            $0 + $1.products.reduce(0) { $0 + $1.elementCount } + ($1.updates?.elementCount ?? 0)
        }
    }

    /// Parameters that a token is multiplied with after which another is written: the head's as well.
    package var parametersPerWrittenToken: Int { parametersPerPromptToken + head.elementCount }

    /// Bytes of what an adapter adds; all others are shared with the base and its other adapters.
    package var updateBytes: Int { layers.reduce(0) { $0 + ($1.updates?.byteCount ?? 0) } }
}

extension Transformer {
    /// What all weights that products or embeddings read take in memory.
    package var weightBytes: Int {
        weights.bytesPerStep + (configuration.tiesHeadToEmbedding ? 0 : weights.embedding.byteCount)
    }
}
