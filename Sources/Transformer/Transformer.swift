import Tensors

/// A token of a model's vocabulary.
package typealias TokenID = Int32

/// The tokens that one sequence adds in a step; their positions follow those in its cache.
package struct SequenceChunk {
    /// At least one token.
    package let tokens: ArraySlice<TokenID>
    /// The sequence's own; it holds the positions before the tokens, and the step adds them to it.
    package let cache: KVCache

    /// Takes both as they are.
    package init(tokens: ArraySlice<TokenID>, cache: KVCache) {
        self.tokens = tokens
        self.cache = cache
    }
}

/// A decoder of the Llama family: pre-norm, rotary positions, grouped queries, SwiGLU.
///
/// One definition serves `llama`, `qwen2` (biases on queries, keys and values) and `qwen3` (queries and keys normalised
/// a head), because a weight that an architecture lacks is nil.
package struct Transformer: Sendable {
    /// The shapes that the weights have.
    package let configuration: TransformerConfiguration
    /// Read once and never written, so that threads may share them.
    package let weights: TransformerWeights

    /// - Precondition: the weights were read with this configuration.
    package init(configuration: TransformerConfiguration, weights: TransformerWeights) {
        self.configuration = configuration
        self.weights = weights
    }

    /// Runs one step over the tokens of all sequences, packed one after the other, and adds them to their caches.
    ///
    /// - Returns: the hidden states after the final norm, `[tokens, channels]`, rows in the order of the chunks. They stay
    ///   valid until the next step with the same activations.
    package func forward(_ chunks: [SequenceChunk], activations: Activations) -> Activation {
        let tokenCount = chunks.reduce(0) { $0 + $1.tokens.count }
        precondition(tokenCount <= activations.tokenCapacity, "\(tokenCount) tokens of \(activations.tokenCapacity)")
        embed(chunks, activations)
        let plan = attentionPlan(chunks)
        // What a layer's half adds to the residual stream is added as the next half begins: there is one pass over it.
        for (layer, layerWeights) in weights.layers.enumerated() {
            normalize(adding: layer > 0, gain: layerWeights.attentionNorm, activations, rows: tokenCount)
            attention(plan, layer: layer, layerWeights, activations, rows: tokenCount)
            normalize(adding: true, gain: layerWeights.feedForwardNorm, activations, rows: tokenCount)
            feedForward(layerWeights, activations, rows: tokenCount)
        }
        normalize(adding: true, gain: weights.finalNorm, activations, rows: tokenCount)
        for chunk in chunks {
            chunk.cache.advance(by: chunk.tokens.count)
        }
        return activations.normalized
    }

    /// The next token's logits, `[rows.count, vocabulary]`, for the rows of hidden states that sample.
    package func logits(ofRows rows: [Int], in hiddenStates: Activation, activations: Activations) -> Activation {
        for (index, row) in rows.enumerated() {
            activations.samplingStates.copyRows(index, from: hiddenStates, row: row, count: 1)
        }
        activations.workers.multiply(
            activations.samplingStates, byTransposeOf: weights.head, into: activations.logits, rows: rows.count)
        return activations.logits
    }

    private func attentionPlan(_ chunks: [SequenceChunk]) -> AttentionPlan {
        var firstRow = 0
        let sequences = chunks.map { chunk in
            let rows = firstRow..<firstRow + chunk.tokens.count
            firstRow = rows.upperBound
            chunk.cache.pages.reserve(positions: chunk.cache.count + rows.count)
            return AttentionSequence(rows: rows, pages: chunk.cache.pages, firstPosition: chunk.cache.count)
        }
        return AttentionPlan(sequences, headCount: configuration.headCount)
    }

    private func embed(_ chunks: [SequenceChunk], _ activations: Activations) {
        var row = 0
        var positions: [Int] = []
        for chunk in chunks {
            for (offset, token) in chunk.tokens.enumerated() {
                activations.residual.copyRow(row, from: weights.embedding, row: Int(token))
                positions.append(chunk.cache.count + offset)
                row += 1
            }
        }
        weights.rotary.computeAngles(of: positions, into: activations.angles)
    }

    private func normalize(adding: Bool, gain: Matrix, _ a: Activations, rows: Int) {
        RMSNorm.forward(
            a.residual, adding: adding ? a.update : nil, gain: gain, epsilon: configuration.normEpsilon,
            into: a.normalized, rows: rows, on: a.workers)
    }

    private func attention(
        _ plan: AttentionPlan, layer: Int, _ weights: TransformerWeights.Layer, _ a: Activations, rows: Int
    ) {
        LinearLayer.forward(
            a.normalized, through: [(weights.query, a.queries), (weights.key, a.keys), (weights.value, a.values)],
            adding: weights.updates?.attentionInputs, a, rows: rows)
        for (heads, gain) in [(a.queries, weights.queryNorm), (a.keys, weights.keyNorm)] {
            if let gain {
                RMSNorm.forward(
                    heads: heads, gain: gain, epsilon: configuration.normEpsilon, rows: rows, on: a.workers)
            }
        }
        Rotary.forward(a.queries, a.keys, angles: a.angles, rows: rows, on: a.workers)
        Attention.store(keys: a.keys, values: a.values, layer: layer, of: plan, on: a.workers)
        Attention.forward(a.queries, layer: layer, of: plan, into: a.attended, on: a.workers)
        LinearLayer.forward(
            a.attended, through: [(weights.attentionOutput, a.update)], adding: weights.updates?.attentionOutput, a,
            rows: rows)
    }

    private func feedForward(_ weights: TransformerWeights.Layer, _ a: Activations, rows: Int) {
        LinearLayer.forward(
            a.normalized, through: [(weights.gate, a.gate), (weights.up, a.up)],
            adding: weights.updates?.feedForwardInputs, a, rows: rows)
        SwiGLU.forward(gate: a.gate, up: a.up, rows: rows, on: a.workers)
        LinearLayer.forward(
            a.gate, through: [(weights.down, a.update)], adding: weights.updates?.feedForwardOutput, a, rows: rows)
    }
}

extension LinearLayer {
    /// `output = input x weight^T + bias` of each layer, and what an adapter adds, for the first `rows` rows.
    static func forward(
        _ input: Activation, through layers: [(layer: LinearLayer, output: Activation)], adding update: LowRankUpdate?,
        _ a: Activations, rows: Int
    ) {
        var products = layers.map { (weight: $0.layer.weight, output: $0.output) }
        let reduced = update.map { a.reduced(ranks: $0.reduction.rows) }
        if let update, let reduced { products.append((update.reduction, reduced)) }
        a.workers.multiply(input, byTransposesOf: products, rows: rows)
        for (layer, output) in layers {
            if let bias = layer.bias {
                output.addToEachRow(bias, rows: rows, on: a.workers)
            }
        }
        if let update, let reduced {
            update.add(reduced, to: layers.map(\.output), rows: rows, on: a.workers)
        }
    }
}
