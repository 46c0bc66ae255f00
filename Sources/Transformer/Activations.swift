import Tensors

/// The named buffers that a forward pass writes, for up to `tokenCapacity` tokens a step.
///
/// Letters as in `docs/architecture.md`: T tokens of the step, C channels,
/// H heads, K key-value heads, D channels of a head, F feed-forward channels, V vocabulary.
package final class Activations {
    /// The most tokens of one step.
    package let tokenCapacity: Int
    /// What computes.
    package let workers: Workers

    /// What each layer writes, in the order of computation.
    package let layers: [LayerActivations]
    /// What a layer's half adds to the residual stream, `[T, C]`.
    package let update: Activation
    /// Cosines and sines of the step's positions, `[T, D]`.
    package let angles: Activation
    /// The residual stream after the last layer, `[T, C]`.
    package let finalStream: Activation
    /// The same, normalised: the hidden states, `[T, C]`.
    package let hiddenStates: Activation
    /// The hidden states of the rows that sample, `[rows, C]`.
    package let samplingStates: Activation
    /// `[rows, V]`
    let logits: Activation
    /// What the inputs of an adapter's updates are reduced to, by the number of columns.
    private var reductions: [Int: Activation] = [:]

    /// Allocates for steps of up to `tokenCapacity` tokens of which up to `samplingCapacity` rows sample.
    ///
    /// - Parameters:
    ///   - workerCount: threads for what is not OpenBLAS's.
    ///   - kernels: the instruction set for what is not OpenBLAS's.
    ///   - kept: what is to be there when the step has ended.
    package init(
        configuration: TransformerConfiguration, tokenCapacity: Int, samplingCapacity: Int, workerCount: Int = 1,
        kernels: Kernels = .chosen, keeping kept: KeptActivations = .nothing
    ) {
        let c = configuration
        self.tokenCapacity = tokenCapacity
        workers = Workers(count: workerCount, kernels: kernels)
        func tokens(_ columns: Int) -> Activation {
            Activation(rowCapacity: tokenCapacity, columns: columns)
        }
        layers = LayerActivations.layers(c, tokenCapacity: tokenCapacity, keeping: kept)
        update = tokens(c.hiddenSize)
        angles = tokens(c.headSize)
        // The last layer's buffers, where they are free again.
        finalStream = kept == .nothing ? layers[c.layerCount - 1].feedForwardStream : tokens(c.hiddenSize)
        hiddenStates = kept == .nothing ? layers[c.layerCount - 1].feedForwardInput : tokens(c.hiddenSize)
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
