import Tensors

/// The named buffers that a forward pass writes, for up to `tokenCapacity` tokens a step.
///
/// Serving gives the same memory to every layer. Letters as in `docs/architecture.md`: T tokens of the step, C channels,
/// H heads, K key-value heads, D channels of a head, F feed-forward channels, V vocabulary.
package final class Activations {
    /// The most tokens of one step.
    package let tokenCapacity: Int
    /// What computes.
    package let workers: Workers

    /// The residual stream, `[T, C]`.
    let residual: Activation
    /// The residual stream normalised; after the last layer the hidden states, `[T, C]`.
    let normalized: Activation
    /// `[T, H * D]`
    let queries: Activation
    /// `[T, K * D]`
    let keys: Activation
    /// `[T, K * D]`
    let values: Activation
    /// Cosines and sines of the step's positions, `[T, D]`.
    let angles: Activation
    /// What attention read, `[T, H * D]`.
    let attended: Activation
    /// What a layer adds to the residual stream, `[T, C]`.
    let update: Activation
    /// `[T, F]`
    let gate: Activation
    /// `[T, F]`
    let up: Activation
    /// The hidden states of the rows that sample, `[rows, C]`.
    let samplingStates: Activation
    /// `[rows, V]`
    let logits: Activation
    /// What the inputs of an adapter's updates are reduced to, by the number of columns.
    private var reductions: [Int: Activation] = [:]

    /// Allocates for steps of up to `tokenCapacity` tokens of which up to `samplingCapacity` rows sample.
    ///
    /// - Parameters:
    ///   - workerCount: threads for what is not OpenBLAS's.
    ///   - kernels: the instruction set for what is not OpenBLAS's.
    package init(
        configuration: TransformerConfiguration, tokenCapacity: Int, samplingCapacity: Int, workerCount: Int = 1,
        kernels: Kernels = .chosen
    ) {
        let c = configuration
        self.tokenCapacity = tokenCapacity
        workers = Workers(count: workerCount, kernels: kernels)
        func tokens(_ columns: Int) -> Activation {
            Activation(rowCapacity: tokenCapacity, columns: columns)
        }
        residual = tokens(c.hiddenSize)
        normalized = tokens(c.hiddenSize)
        queries = tokens(c.headCount * c.headSize)
        keys = tokens(c.keyValueHeadCount * c.headSize)
        values = tokens(c.keyValueHeadCount * c.headSize)
        angles = tokens(c.headSize)
        attended = tokens(c.headCount * c.headSize)
        update = tokens(c.hiddenSize)
        gate = tokens(c.feedForwardSize)
        up = tokens(c.feedForwardSize)
        samplingStates = Activation(rowCapacity: samplingCapacity, columns: c.hiddenSize)
        logits = Activation(rowCapacity: samplingCapacity, columns: c.vocabularySize)
    }

    /// What the input of low-rank updates is reduced to, `[T, ranks]`: the ranks of all linear layers that read it. Made when it
    /// is first asked for, for only adapters do.
    func reduced(ranks: Int) -> Activation {
        if let reduction = reductions[ranks] { return reduction }
        let reduction = Activation(rowCapacity: tokenCapacity, columns: ranks)
        reductions[ranks] = reduction
        return reduction
    }
}
