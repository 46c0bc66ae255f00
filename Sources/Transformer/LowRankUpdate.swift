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

    /// Packs the factors as suits the weight that they are an update of.
    ///
    /// - Parameters:
    ///   - first: the A of all adapted layers, one below the other, `[ranks, inputs]`.
    ///   - second: for each linear layer its B times the scale, `[outputs, rank]`; nil where the layer is left as it is.
    ///   - base: a weight that reads the same input.
    /// - Throws: `WeightOutOfRange`, of a number in `first` that the format does not hold.
    package init(first: Matrix, second: [Matrix?], beside base: Weight) throws(WeightOutOfRange) {
        do throws(StoredMatrixError<Never>) {
            reduction = try Weight(first, packedAs: base.updateFormat.reduction)
        } catch {
            switch error {
            case .outOfRange(let weight): throw weight
            }
        }
        expansions = second.map { $0.map { NarrowWeight($0, as: base.updateFormat.expansion) } }
    }

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

    /// Takes all as they are.
    package init(
        attentionInputs: LowRankUpdate?, attentionOutput: LowRankUpdate?, feedForwardInputs: LowRankUpdate?,
        feedForwardOutput: LowRankUpdate?
    ) {
        self.attentionInputs = attentionInputs
        self.attentionOutput = attentionOutput
        self.feedForwardInputs = feedForwardInputs
        self.feedForwardOutput = feedForwardOutput
    }

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
