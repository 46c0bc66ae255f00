import Tensors

/// What an adapter adds to the linear layers that read one input: `B (A x)` for each, with the adapter's scale in B (LoRA,
/// section 4.1). At run time, so that adapters share the weights of their base.
package struct LowRankUpdate: Sendable {
    /// The A of all adapted layers, one below the other, `[ranks, inputs]`: a product beside those of the base's weights, of
    /// the same input in the same form.
    package let reduction: Weight
    /// For each linear layer its B times the scale, `[outputs, rank]`, in the order of the ranks; nil where the layer is left
    /// as it is.
    package let expansions: [NarrowWeight?]

    /// Adds each layer's update to its output, for the first `rows` rows.
    ///
    /// - Parameters:
    ///   - reduced: `[rows, ranks]`, the input's product with `reduction`.
    ///   - outputs: of the linear layers, in the order of `expansions`.
    func add(_ reduced: Activation, to outputs: [Activation], rows: Int, on workers: Workers) {
        precondition(outputs.count == expansions.count, "\(outputs.count) outputs, updates of \(expansions.count)")
        var products: [NarrowProduct] = []
        var firstRank = 0
        for (expansion, output) in zip(expansions, outputs) {
            guard let expansion else { continue }
            products.append(
                NarrowProduct(input: reduced, firstColumn: firstRank, weight: expansion, output: output))
            firstRank += expansion.columns
        }
        workers.add(products, rows: rows)
    }
}

/// What an adapter adds to the linear layers of one decoder layer, by the input that they read; nil where it adds nothing.
package struct LayerUpdates: Sendable {
    /// Of queries, keys and values.
    package let attentionInputs: LowRankUpdate?
    /// Of the attention's output.
    package let attentionOutput: LowRankUpdate?
    /// Of gate and up.
    package let feedForwardInputs: LowRankUpdate?
    /// Of down.
    package let feedForwardOutput: LowRankUpdate?

    private var all: [LowRankUpdate] {
        [attentionInputs, attentionOutput, feedForwardInputs, feedForwardOutput].compactMap { $0 }
    }

    /// Bytes in memory.
    var byteCount: Int {
        all.reduce(0) { $0 + $1.reduction.byteCount + $1.expansions.reduce(0) { $0 + ($1?.byteCount ?? 0) } }
    }

    /// Numbers that a token is multiplied with.
    var elementCount: Int {
        all.reduce(0) { $0 + $1.reduction.elementCount + $1.expansions.reduce(0) { $0 + ($1?.elementCount ?? 0) } }
    }
}
