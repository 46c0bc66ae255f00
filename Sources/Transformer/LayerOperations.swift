import Tensors

/// The linear layers of a decoder layer by the input that they read.
package enum LinearGroup: Int, Sendable, CaseIterable {
    /// Queries, keys and values.
    case attentionInputs
    case attentionOutput
    /// Gate and up.
    case feedForwardInputs
    /// Down.
    case feedForwardOutput
}

/// What a forward pass leaves to its caller: serving attends to cached keys and values, training to those of the step; and
/// training may drop out.
package protocol LayerOperations {
    /// Attends from each row's queries to the positions before it, into `attended`.
    func attend(layer: Int, _ buffers: LayerActivations)

    /// What an adapter reads of a group's input; by default the input.
    func adapterInput(_ input: Activation, layer: Int, _ group: LinearGroup) -> Activation

    /// Changes what a half of a layer is about to add to the residual stream; by default nothing.
    func alter(_ update: Activation, layer: Int, _ group: LinearGroup)
}

extension LayerOperations {
    package func adapterInput(_ input: Activation, layer: Int, _ group: LinearGroup) -> Activation { input }
    package func alter(_ update: Activation, layer: Int, _ group: LinearGroup) {}
}

/// Attention over the pages of sequences.
struct CachedAttention: LayerOperations {
    let plan: AttentionPlan
    let workers: Workers

    func attend(layer: Int, _ buffers: LayerActivations) {
        Attention.store(keys: buffers.turnedKeys, values: buffers.values, layer: layer, of: plan, on: workers)
        Attention.forward(buffers.turnedQueries, layer: layer, of: plan, into: buffers.attended, on: workers)
    }
}
