import TensorGradients
import Tensors
import Transformer

/// The way back through ``Transformer``, in the opposite order of its forward pass: from the gradient over the hidden states to
/// those over all weights that are trained.
struct TransformerBackward {
    let model: TrainableModel
    let activations: Activations
    let kept: KeptActivations
    let buffers: GradientBuffers
    let operations: SegmentOperations
    /// Of the step.
    let tokens: [TokenID]

    private var rows: Int { tokens.count }
    private var workers: Workers { activations.workers }
    private var weights: TransformerWeights { model.transformer.weights }
    private var epsilon: Float { model.transformer.configuration.normEpsilon }

    func run() {
        buffers.stream.clear(rows: rows)
        RMSNorm.backward(
            activations.finalStream, gain: weights.finalNorm, epsilon: epsilon, outputGradient: buffers.hidden,
            into: buffers.stream, gainGradient: model.gradients.finalNorm, rows: rows, on: workers)
        for layer in weights.layers.indices.reversed() {
            if kept == .streams {
                model.transformer.recompute(
                    layer: layer, tokenCount: rows, activations: activations, operations: operations)
            }
            feedForward(layer, activations.layers[layer])
            attention(layer, activations.layers[layer])
        }
        model.gradients.embedding?.addRows(of: buffers.stream, to: tokens.map { Int($0) }, on: workers)
    }

    private func feedForward(_ layer: Int, _ a: LayerActivations) {
        let gradients = model.gradients.layers[layer]
        let update = updateGradient(layer, .feedForwardOutput)
        inputGradient(layer, .feedForwardOutput, of: [update], into: buffers.gated)
        SwiGLU.backward(
            gate: a.gate, up: a.up, gatedGradient: buffers.gated, gated: a.gated, gateGradient: buffers.gate,
            upGradient: buffers.up, rows: rows, on: workers)
        weightGradients(layer, .feedForwardOutput, of: [update], from: a.gated)
        inputGradient(layer, .feedForwardInputs, of: [buffers.gate, buffers.up], into: buffers.normalized)
        let norm = weights.layers[layer].feedForwardNorm
        RMSNorm.forward(
            a.feedForwardStream, gain: norm, epsilon: epsilon, into: a.feedForwardInput, rows: rows, on: workers)
        weightGradients(layer, .feedForwardInputs, of: [buffers.gate, buffers.up], from: a.feedForwardInput)
        RMSNorm.backward(
            a.feedForwardStream, gain: norm, epsilon: epsilon, outputGradient: buffers.normalized,
            into: buffers.stream, gainGradient: gradients.feedForwardNorm, rows: rows, on: workers)
    }

    private func attention(_ layer: Int, _ a: LayerActivations) {
        let gradients = model.gradients.layers[layer]
        let update = updateGradient(layer, .attentionOutput)
        inputGradient(layer, .attentionOutput, of: [update], into: buffers.attended)
        weightGradients(layer, .attentionOutput, of: [update], from: a.attended)
        operations.attention.backward(
            a.turnedQueries, a.turnedKeys, a.values, outputGradient: buffers.attended,
            queryGradient: buffers.turnedQueries, keyGradient: buffers.turnedKeys, valueGradient: buffers.values)
        Rotary.backward(
            buffers.turnedQueries, buffers.turnedKeys, angles: activations.angles, rows: rows, on: workers)
        let layerWeights = weights.layers[layer]
        headNorm(
            a.queries, layerWeights.queryNorm, of: buffers.turnedQueries, into: buffers.queries, gradients.queryNorm)
        headNorm(a.keys, layerWeights.keyNorm, of: buffers.turnedKeys, into: buffers.keys, gradients.keyNorm)
        let inputs = [buffers.queries, buffers.keys, buffers.values]
        inputGradient(layer, .attentionInputs, of: inputs, into: buffers.normalized)
        RMSNorm.forward(
            a.attentionStream, gain: layerWeights.attentionNorm, epsilon: epsilon, into: a.attentionInput, rows: rows,
            on: workers)
        weightGradients(layer, .attentionInputs, of: inputs, from: a.attentionInput)
        RMSNorm.backward(
            a.attentionStream, gain: layerWeights.attentionNorm, epsilon: epsilon, outputGradient: buffers.normalized,
            into: buffers.stream, gainGradient: gradients.attentionNorm, rows: rows, on: workers)
    }

    private func headNorm(
        _ heads: Activation, _ gain: Matrix?, of gradient: Activation, into headGradient: Activation,
        _ gainGradient: TrainableMatrix?
    ) {
        guard let gain else { return }
        headGradient.clear(rows: rows)
        RMSNorm.backward(
            heads, gain: gain, epsilon: epsilon, outputGradient: gradient, into: headGradient,
            gainGradient: gainGradient, rows: rows, on: workers)
    }

    /// The gradient over what a half adds to the residual stream: the stream's, unless some of it was dropped.
    private func updateGradient(_ layer: Int, _ group: LinearGroup) -> Activation {
        guard let dropout = operations.dropout, let dropOut = dropout.ofUpdate(layer: layer, group) else {
            return buffers.stream
        }
        dropOut.apply(buffers.stream, into: buffers.update, rows: rows, places: dropout.places, on: workers)
        return buffers.update
    }

    // MARK: - Linear layers

    /// The gradient over the input of a group's linear layers and of what an adapter adds to them.
    private func inputGradient(
        _ layer: Int, _ group: LinearGroup, of outputGradients: [Activation], into input: Activation
    ) {
        let products = zip(outputGradients, model.returnWeights.weights(of: group, layer: layer))
        for (index, (gradient, weight)) in products.enumerated() {
            LinearProduct.backward(
                gradient, through: weight, into: input, isAdded: index > 0, scratch: buffers.scratch, rows: rows,
                on: workers)
        }
        guard let factors = model.gradients.layers[layer].updates[group] else { return }
        let reduction = reductionGradient(factors, of: outputGradients)
        let first = factors.first.value.matrix
        guard let dropout = operations.dropout, let dropOut = dropout.ofAdapter(layer: layer, group) else {
            LinearProduct.backward(reduction, through: first, into: input, isAdded: true, rows: rows)
            return
        }
        let remaining = buffers.adapterInput(columns: first.columns)
        LinearProduct.backward(reduction, through: first, into: remaining, isAdded: false, rows: rows)
        dropOut.apply(remaining, into: remaining, rows: rows, places: dropout.places, on: workers)
        input.add(remaining, rows: rows, on: workers)
    }

    /// The gradient over what an adapter reduces its input to, `[rows, ranks]`.
    private func reductionGradient(_ factors: LowRankFactors, of outputGradients: [Activation]) -> Activation {
        let gradient = buffers.reduction(ranks: factors.first.value.matrix.rows).gradient
        var firstRank = 0
        for (factor, outputGradient) in zip(factors.second, outputGradients) {
            guard let second = factor?.value.matrix else { continue }
            LinearProduct.backward(
                outputGradient, through: second, scale: factors.scale, into: gradient, firstColumn: firstRank,
                rows: rows)
            firstRank += second.columns
        }
        return gradient
    }

    /// Adds to the gradients over a group's weights, its biases, and the factors of what an adapter adds.
    ///
    /// - Precondition: ``inputGradient(_:_:of:into:)`` of the same gradients was just computed.
    private func weightGradients(
        _ layer: Int, _ group: LinearGroup, of outputGradients: [Activation], from input: Activation
    ) {
        let gradients = model.gradients.layers[layer]
        for (linear, outputGradient) in zip(gradients.linear[group] ?? [], outputGradients) {
            if let weight = linear.weight {
                LinearProduct.backward(outputGradient, from: input, toWeight: weight, rows: rows)
            }
            if let bias = linear.bias {
                LinearProduct.backward(outputGradient, toBias: bias, rows: rows, on: workers)
            }
        }
        guard let factors = gradients.updates[group] else { return }
        let first = factors.first.value.matrix
        let reduction = buffers.reduction(ranks: first.rows)
        // What the forward pass reduced the input to is not kept: it is a small product.
        let adapterInput = operations.adapterInput(input, layer: layer, group)
        workers.multiply(adapterInput, byTransposeOf: .float32(first), into: reduction.states, rows: rows)
        var firstRank = 0
        for (factor, outputGradient) in zip(factors.second, outputGradients) {
            guard let second = factor else { continue }
            let rank = second.value.matrix.columns
            LinearProduct.backward(
                outputGradient, from: reduction.states, columns: firstRank..<firstRank + rank, scale: factors.scale,
                toWeight: second.gradient, rows: rows)
            firstRank += rank
        }
        LinearProduct.backward(reduction.gradient, from: adapterInput, toWeight: factors.first.gradient, rows: rows)
    }
}
