import Tensors
import Transformer

/// The named buffers that the way back writes: the same memory for every layer. Letters as in `docs/architecture.md`.
final class GradientBuffers {
    /// Over the hidden states, `[T, C]`.
    let hidden: Activation
    /// Over the residual stream, `[T, C]`.
    let stream: Activation
    /// Over what a half adds to it, where some of that was dropped, `[T, C]`.
    let update: Activation
    /// Over a normalised stream, `[T, C]`.
    let normalized: Activation
    /// What one of several layers gives to the gradient over their input, `[T, C]`.
    let scratch: Activation
    /// `[T, H * D]`
    let attended: Activation
    /// Over queries as attention read them, `[T, H * D]`.
    let turnedQueries: Activation
    /// `[T, K * D]`
    let turnedKeys: Activation
    /// `[T, K * D]`
    let values: Activation
    /// Over queries before their norm, `[T, H * D]`: those of attention where there is none.
    let queries: Activation
    /// `[T, K * D]`
    let keys: Activation
    /// `[T, F]`
    let gated: Activation
    /// `[T, F]`
    let gate: Activation
    /// `[T, F]`
    let up: Activation
    /// Over the states that logits were made of, `[rows, C]`.
    let samplingStates: Activation
    /// What adapters' inputs are reduced to, and the gradient over it, by the number of ranks.
    private var reductions: [Int: (states: Activation, gradient: Activation)] = [:]
    /// Gradients over adapters' inputs of which some were dropped, by the number of columns.
    private var adapterInputs: [Int: Activation] = [:]
    private let tokenCapacity: Int

    init(_ c: TransformerConfiguration, tokenCapacity: Int, logitRows: Int) {
        self.tokenCapacity = tokenCapacity
        func tokens(_ columns: Int) -> Activation {
            Activation(rowCapacity: tokenCapacity, columns: columns, isZeroed: false)
        }
        let (queryColumns, keyColumns) = (c.headCount * c.headSize, c.keyValueHeadCount * c.headSize)
        hidden = tokens(c.hiddenSize)
        stream = tokens(c.hiddenSize)
        update = tokens(c.hiddenSize)
        normalized = tokens(c.hiddenSize)
        scratch = tokens(c.hiddenSize)
        attended = tokens(queryColumns)
        turnedQueries = tokens(queryColumns)
        turnedKeys = tokens(keyColumns)
        values = tokens(keyColumns)
        queries = c.architecture == .qwen3 ? tokens(queryColumns) : turnedQueries
        keys = c.architecture == .qwen3 ? tokens(keyColumns) : turnedKeys
        gated = tokens(c.feedForwardSize)
        gate = tokens(c.feedForwardSize)
        up = tokens(c.feedForwardSize)
        samplingStates = Activation(rowCapacity: logitRows, columns: c.hiddenSize, isZeroed: false)
    }

    /// `[T, ranks]` each.
    func reduction(ranks: Int) -> (states: Activation, gradient: Activation) {
        if let reduction = reductions[ranks] { return reduction }
        let reduction = (
            states: Activation(rowCapacity: tokenCapacity, columns: ranks, isZeroed: false),
            gradient: Activation(rowCapacity: tokenCapacity, columns: ranks, isZeroed: false)
        )
        reductions[ranks] = reduction
        return reduction
    }

    /// `[T, columns]`
    func adapterInput(columns: Int) -> Activation {
        if let input = adapterInputs[columns] { return input }
        let input = Activation(rowCapacity: tokenCapacity, columns: columns, isZeroed: false)
        adapterInputs[columns] = input
        return input
    }
}
