import Tensors

/// The named buffers that one layer writes. Serving gives the same memory to every layer, and to buffers of which one becomes
/// the other; training keeps apart what the way back reads.
package struct LayerActivations {
    /// The residual stream that attention's half reads, `[T, C]`.
    package let attentionStream: Activation
    /// The same, normalised, `[T, C]`.
    package let attentionInput: Activation
    /// As the linear layer gives them, `[T, H * D]`.
    package let queries: Activation
    /// As the linear layer gives them, `[T, K * D]`.
    package let keys: Activation
    /// `[T, K * D]`
    package let values: Activation
    /// Queries normalised a head, where the model does that, and turned, `[T, H * D]`.
    package let turnedQueries: Activation
    /// Keys likewise, `[T, K * D]`.
    package let turnedKeys: Activation
    /// What attention read, `[T, H * D]`.
    package let attended: Activation
    /// The residual stream that the feed-forward half reads, `[T, C]`.
    package let feedForwardStream: Activation
    /// The same, normalised, `[T, C]`.
    package let feedForwardInput: Activation
    /// `[T, F]`
    package let gate: Activation
    /// `[T, F]`
    package let up: Activation
    /// `silu(gate) * up`, `[T, F]`.
    package let gated: Activation
}

/// What of a forward pass is still there when it has ended.
package enum KeptActivations: Sendable, Equatable {
    /// The hidden states alone: serving.
    case nothing
    /// What enters each layer, from which ``Transformer/recompute(layer:tokenCount:activations:operations:)`` gives the rest
    /// once more (activation checkpointing, Chen et al. 2016).
    case streams
    /// All that the way back reads but what one row kernel gives once more: the inputs of linear layers that are norms or
    /// gated.
    case products
}

extension LayerActivations {
    /// The layers of a step.
    static func layers(
        _ c: TransformerConfiguration, tokenCapacity: Int, keeping kept: KeptActivations
    ) -> [LayerActivations] {
        func tokens(_ columns: Int) -> Activation {
            // Training writes all that it reads, and has much of it.
            Activation(rowCapacity: tokenCapacity, columns: columns, isZeroed: kept == .nothing)
        }
        let (queryColumns, keyColumns) = (c.headCount * c.headSize, c.keyValueHeadCount * c.headSize)
        func layer(stream: Activation?, input: Activation, gated: Activation?) -> LayerActivations {
            let attentionStream = stream ?? tokens(c.hiddenSize)
            let (queries, keys) = (tokens(queryColumns), tokens(keyColumns))
            let isApart = kept != .nothing && c.hasHeadNorms
            let gate = tokens(c.feedForwardSize)
            return LayerActivations(
                attentionStream: attentionStream, attentionInput: input, queries: queries, keys: keys,
                values: tokens(keyColumns), turnedQueries: isApart ? tokens(queryColumns) : queries,
                turnedKeys: isApart ? tokens(keyColumns) : keys, attended: tokens(queryColumns),
                feedForwardStream: kept == .nothing ? attentionStream : tokens(c.hiddenSize), feedForwardInput: input,
                gate: gate, up: tokens(c.feedForwardSize), gated: gated ?? gate)
        }
        let input = tokens(c.hiddenSize)
        switch kept {
        case .nothing:
            return Array(repeating: layer(stream: nil, input: input, gated: nil), count: c.layerCount)
        case .products:
            let gated = tokens(c.feedForwardSize)
            return (0..<c.layerCount).map { _ in layer(stream: nil, input: input, gated: gated) }
        case .streams:
            let shared = layer(stream: nil, input: input, gated: tokens(c.feedForwardSize))
            return (0..<c.layerCount).map { _ in shared.with(attentionStream: tokens(c.hiddenSize)) }
        }
    }

    private func with(attentionStream: Activation) -> LayerActivations {
        LayerActivations(
            attentionStream: attentionStream, attentionInput: attentionInput, queries: queries, keys: keys,
            values: values, turnedQueries: turnedQueries, turnedKeys: turnedKeys, attended: attended,
            feedForwardStream: feedForwardStream, feedForwardInput: feedForwardInput, gate: gate, up: up, gated: gated)
    }
}
