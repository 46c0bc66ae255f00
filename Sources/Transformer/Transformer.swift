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
        let hiddenStates = forward(
            tokens: chunks.flatMap(\.tokens),
            positions: chunks.flatMap { $0.cache.count..<$0.cache.count + $0.tokens.count }, activations: activations,
            operations: CachedAttention(plan: attentionPlan(chunks), workers: activations.workers))
        for chunk in chunks {
            chunk.cache.advance(by: chunk.tokens.count)
        }
        return hiddenStates
    }

    /// Runs one step over tokens of any kind of packing.
    ///
    /// - Parameters:
    ///   - positions: of each token in its sequence.
    ///   - operations: know which tokens a token attends to.
    /// - Returns: as ``forward(_:activations:)``.
    package func forward(
        tokens: [TokenID], positions: [Int], activations a: Activations, operations: some LayerOperations
    ) -> Activation {
        let rows = tokens.count
        precondition(rows <= a.tokenCapacity, "\(rows) tokens of \(a.tokenCapacity)")
        for (row, token) in tokens.enumerated() {
            a.layers[0].attentionStream.copyRow(row, from: weights.embedding, row: Int(token))
        }
        weights.rotary.computeAngles(of: positions, into: a.angles)
        // What a layer's half adds to the residual stream is added as the next half begins: there is one pass over it.
        var stream: Activation?
        for layer in weights.layers.indices {
            let buffers = a.layers[layer]
            if let stream {
                normalize(
                    RMSNorm.Sum(stream, a.update, total: buffers.attentionStream), weights.layers[layer].attentionNorm,
                    into: buffers.attentionInput, a, rows: rows)
            } else {
                normalize(
                    buffers.attentionStream, weights.layers[layer].attentionNorm, into: buffers.attentionInput, a,
                    rows: rows)
            }
            attention(layer, buffers, a, operations, rows: rows)
            gatedUnits(layer, buffers, a, operations, rows: rows)
            output(of: layer, .feedForwardOutput, buffers, a, operations, rows: rows)
            stream = buffers.feedForwardStream
        }
        guard let stream else { preconditionFailure("a model without layers") }
        normalize(
            RMSNorm.Sum(stream, a.update, total: a.finalStream), weights.finalNorm, into: a.hiddenStates, a, rows: rows)
        return a.hiddenStates
    }

    /// Computes what a layer wrote once more, from what entered it, of the first `tokenCount` rows.
    package func recompute(
        layer: Int, tokenCount: Int, activations a: Activations, operations: some LayerOperations
    ) {
        let buffers = a.layers[layer]
        normalize(
            buffers.attentionStream, weights.layers[layer].attentionNorm, into: buffers.attentionInput, a,
            rows: tokenCount)
        attention(layer, buffers, a, operations, rows: tokenCount)
        gatedUnits(layer, buffers, a, operations, rows: tokenCount)
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

    private func normalize(
        _ stream: Activation, _ gain: Matrix, into output: Activation, _ a: Activations, rows: Int
    ) {
        RMSNorm.forward(
            stream, gain: gain, epsilon: configuration.normEpsilon, into: output, rows: rows, on: a.workers)
    }

    private func normalize(_ sum: RMSNorm.Sum, _ gain: Matrix, into output: Activation, _ a: Activations, rows: Int) {
        RMSNorm.forward(sum, gain: gain, epsilon: configuration.normEpsilon, into: output, rows: rows, on: a.workers)
    }

    /// What attention adds to the residual stream.
    private func attention(
        _ layer: Int, _ b: LayerActivations, _ a: Activations, _ operations: some LayerOperations, rows: Int
    ) {
        let weights = weights.layers[layer]
        LinearLayer.forward(
            b.attentionInput, through: [(weights.query, b.queries), (weights.key, b.keys), (weights.value, b.values)],
            adding: weights.updates?.attentionInputs,
            of: operations.adapterInput(b.attentionInput, layer: layer, .attentionInputs), a, rows: rows)
        for (heads, gain, output) in [
            (b.queries, weights.queryNorm, b.turnedQueries), (b.keys, weights.keyNorm, b.turnedKeys),
        ] {
            if let gain {
                RMSNorm.forward(
                    heads: heads, gain: gain, epsilon: configuration.normEpsilon, into: output, rows: rows,
                    on: a.workers)
            }
        }
        Rotary.forward(b.turnedQueries, b.turnedKeys, angles: a.angles, rows: rows, on: a.workers)
        operations.attend(layer: layer, b)
        output(of: layer, .attentionOutput, b, a, operations, rows: rows)
    }

    /// The feed-forward half up to what its last linear layer reads, of the stream with what attention adds.
    private func gatedUnits(
        _ layer: Int, _ b: LayerActivations, _ a: Activations, _ operations: some LayerOperations, rows: Int
    ) {
        let weights = weights.layers[layer]
        normalize(
            RMSNorm.Sum(b.attentionStream, a.update, total: b.feedForwardStream), weights.feedForwardNorm,
            into: b.feedForwardInput, a, rows: rows)
        LinearLayer.forward(
            b.feedForwardInput, through: [(weights.gate, b.gate), (weights.up, b.up)],
            adding: weights.updates?.feedForwardInputs,
            of: operations.adapterInput(b.feedForwardInput, layer: layer, .feedForwardInputs), a, rows: rows)
        SwiGLU.forward(gate: b.gate, up: b.up, into: b.gated, rows: rows, on: a.workers)
    }

    /// What a half adds to the residual stream.
    private func output(
        of layer: Int, _ group: LinearGroup, _ b: LayerActivations, _ a: Activations,
        _ operations: some LayerOperations, rows: Int
    ) {
        let weights = weights.layers[layer]
        let isAttention = group == .attentionOutput
        let input = isAttention ? b.attended : b.gated
        LinearLayer.forward(
            input, through: [(isAttention ? weights.attentionOutput : weights.down, a.update)],
            adding: isAttention ? weights.updates?.attentionOutput : weights.updates?.feedForwardOutput,
            of: operations.adapterInput(input, layer: layer, group), a, rows: rows)
        operations.alter(a.update, layer: layer, group)
    }
}

extension LinearLayer {
    /// `output = input x weight^T + bias` of each layer, and what an adapter adds, for the first `rows` rows.
    ///
    /// - Parameter adapterInput: what the adapter reads; the input, unless some of it is dropped.
    static func forward(
        _ input: Activation, through layers: [(layer: LinearLayer, output: Activation)], adding update: LowRankUpdate?,
        of adapterInput: Activation, _ a: Activations, rows: Int
    ) {
        var products = layers.map { (weight: $0.layer.weight, output: $0.output) }
        let reduced = update.map { a.reduced(ranks: $0.reduction.rows) }
        if let update, let reduced {
            if adapterInput === input {
                products.append((update.reduction, reduced))
            } else {
                a.workers.multiply(adapterInput, byTransposeOf: update.reduction, into: reduced, rows: rows)
            }
        }
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
