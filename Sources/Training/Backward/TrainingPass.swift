import Datasets
import RandomNumbers
import TensorGradients
import Tensors
import Transformer

/// Forward and back through a model, with the memory for both: one step of tokens at a time.
///
/// It belongs to one thread: it is not `Sendable`.
package final class TrainingPass {
    /// What is trained.
    package let model: TrainableModel
    /// The most tokens of one step.
    package var tokenCapacity: Int { activations.tokenCapacity }
    let activations: Activations
    let kept: KeptActivations
    let buffers: GradientBuffers
    /// Of the step whose activations are there.
    private var current: (packed: PackedTokens, operations: SegmentOperations)?

    /// Allocates for steps of up to `tokenCapacity` tokens.
    ///
    /// - Parameters:
    ///   - logitRows: rows of logits that are there at once.
    ///   - workerCount: threads for what is not OpenBLAS's.
    ///   - kept: `.products` for speed, `.streams` for memory.
    package init(
        model: TrainableModel, tokenCapacity: Int, logitRows: Int = 256, workerCount: Int = 1,
        keeping kept: KeptActivations = .products
    ) {
        precondition(kept != .nothing, "nothing to go back through")
        self.model = model
        self.kept = kept
        activations = Activations(
            configuration: model.transformer.configuration, tokenCapacity: tokenCapacity, samplingCapacity: logitRows,
            workerCount: workerCount, keeping: kept)
        buffers = GradientBuffers(
            model.transformer.configuration, tokenCapacity: tokenCapacity, logitRows: logitRows)
    }

    /// What computes.
    package var workers: Workers { activations.workers }

    /// Runs the tokens, and keeps what the way back needs.
    ///
    /// - Parameter dropout: what is dropped in this step; nil for nothing.
    /// - Returns: the hidden states, `[tokens, channels]`, until the next step.
    @discardableResult
    package func forward(_ packed: PackedTokens, dropout: StepDropout? = nil) -> Activation {
        let configuration = scored.configuration
        let plan = SegmentPlan(
            packed.segments, headCount: configuration.headCount, keyValueHeadCount: configuration.keyValueHeadCount,
            headSize: configuration.headSize)
        let operations = SegmentOperations(
            attention: SegmentAttention(plan, workers: workers), dropout: dropout, rows: packed.tokens.count,
            configuration: configuration, tokenCapacity: tokenCapacity)
        current = (packed, operations)
        return scored.forward(
            tokens: packed.tokens, positions: packed.positions, activations: activations, operations: operations)
    }

    /// Another model of the same shape that is scored now, which nobody goes back through.
    private var other: Transformer?
    var scored: Transformer { other ?? model.transformer }

    /// Scores tokens under another model of the same shape, in the memory of this one.
    func scoring<Result>(
        with other: Transformer, _ score: (TrainingPass) throws(TrainingError) -> Result
    ) throws(TrainingError) -> Result {
        self.other = other
        defer { self.other = nil }
        return try score(self)
    }

    /// Where gradients over the hidden states of the step go before ``backward()``, `[tokens, channels]`.
    package var hiddenGradient: Activation { buffers.hidden }

    /// Makes the gradient over the step's hidden states 0.
    package func clearHiddenGradient() {
        hiddenGradient.clear(rows: current?.packed.tokens.count ?? 0)
    }

    /// Adds to the gradients of all parameters, from the gradient over the hidden states.
    ///
    /// - Precondition: the tokens of the step were run forward.
    package func backward() {
        guard let current, other == nil else { preconditionFailure("back without forward") }
        TransformerBackward(
            model: model, activations: activations, kept: kept, buffers: buffers, operations: current.operations,
            tokens: current.packed.tokens
        ).run()
    }
}

/// What is dropped in a step: numbers of what each half of a layer adds to the residual stream, and of what adapters read.
package struct StepDropout: Sendable, Equatable {
    /// Of what a half adds.
    package var updateRate: Float
    /// Of what adapters read.
    package var adapterRate: Float
    /// Of this step.
    package var seed: UInt64
    /// What decides of each row; nil for its number.
    package var places: [Int]?

    /// Takes all as they are.
    package init(updateRate: Float = 0, adapterRate: Float = 0, seed: UInt64, places: [Int]? = nil) {
        self.updateRate = updateRate
        self.adapterRate = adapterRate
        self.seed = seed
        self.places = places
    }

    func ofUpdate(layer: Int, _ group: LinearGroup) -> DropOut? { dropOut(updateRate, layer, group, salt: 0) }
    func ofAdapter(layer: Int, _ group: LinearGroup) -> DropOut? { dropOut(adapterRate, layer, group, salt: 1) }

    private func dropOut(_ rate: Float, _ layer: Int, _ group: LinearGroup, salt: Int) -> DropOut? {
        guard rate > 0 else { return nil }
        var random = SplitMix64(seed: seed &+ UInt64((layer * LinearGroup.allCases.count + group.rawValue) * 2 + salt))
        return DropOut(rate: rate, seed: random.next())
    }
}

/// Attention within the step, and what is dropped.
struct SegmentOperations: LayerOperations {
    let attention: SegmentAttention
    let dropout: StepDropout?
    let rows: Int
    /// What is left of adapters' inputs, by their number of columns.
    private let remaining: [Int: Activation]

    init(
        attention: SegmentAttention, dropout: StepDropout?, rows: Int, configuration c: TransformerConfiguration,
        tokenCapacity: Int
    ) {
        self.attention = attention
        self.dropout = dropout
        self.rows = rows
        let widths = (dropout?.adapterRate ?? 0) > 0 ? [c.hiddenSize, c.headCount * c.headSize, c.feedForwardSize] : []
        remaining = Dictionary(
            widths.map { ($0, Activation(rowCapacity: rows, columns: $0, isZeroed: false)) }, uniquingKeysWith: { $1 })
    }

    func attend(layer: Int, _ buffers: LayerActivations) {
        attention.forward(buffers.turnedQueries, buffers.turnedKeys, buffers.values, into: buffers.attended)
    }

    func adapterInput(_ input: Activation, layer: Int, _ group: LinearGroup) -> Activation {
        guard let dropout, let dropOut = dropout.ofAdapter(layer: layer, group), let output = remaining[input.columns]
        else { return input }
        dropOut.apply(input, into: output, rows: rows, places: dropout.places, on: attention.workers)
        return output
    }

    func alter(_ update: Activation, layer: Int, _ group: LinearGroup) {
        guard let dropout, let dropOut = dropout.ofUpdate(layer: layer, group) else { return }
        dropOut.apply(update, into: update, rows: rows, places: dropout.places, on: attention.workers)
    }
}
