/// Which tensors a decoder of this configuration has, and in which shapes.
extension TransformerConfiguration {
    func hasBias(_ tensor: TensorName.LayerTensor) -> Bool {
        switch tensor {
        case .query, .key, .value: attentionBias != .none
        case .attentionOutput: attentionBias == .all
        default: false
        }
    }

    /// Qwen3 normalises the queries and keys of every head.
    var hasHeadNorms: Bool { architecture == .qwen3 }

    /// Row-major: `[outputs, inputs]` for the weight of a linear layer, `[channels]` for a norm or a bias.
    func shape(of name: TensorName, _ part: TensorName.Part) -> [Int] {
        let tensor: TensorName.LayerTensor
        switch name {
        case .embedding, .head: return [vocabularySize, hiddenSize]
        case .finalNorm: return [hiddenSize]
        case .layer(_, let inLayer): tensor = inLayer
        }
        let queries = headCount * headSize
        let keys = keyValueHeadCount * headSize
        let shape =
            switch tensor {
            case .attentionNorm, .feedForwardNorm: [hiddenSize]
            case .queryNorm, .keyNorm: [headSize]
            case .query: [queries, hiddenSize]
            case .key, .value: [keys, hiddenSize]
            case .attentionOutput: [hiddenSize, queries]
            case .gate, .up: [feedForwardSize, hiddenSize]
            case .down: [hiddenSize, feedForwardSize]
            }
        return part == .weight ? shape : [shape[0]]
    }

    /// Every tensor that is read as a weight, each once.
    var tensors: [(name: TensorName, part: TensorName.Part)] {
        let linear: [TensorName.LayerTensor] = [.query, .key, .value, .attentionOutput, .gate, .up, .down]
        let norms: [TensorName.LayerTensor] =
            [.attentionNorm, .feedForwardNorm] + (hasHeadNorms ? [.queryNorm, .keyNorm] : [])
        let layers = (0..<layerCount).flatMap { index in
            (linear + norms).map { (TensorName.layer(index, $0), TensorName.Part.weight) }
                + linear.filter(hasBias).map { (TensorName.layer(index, $0), TensorName.Part.bias) }
        }
        let head: [(TensorName, TensorName.Part)] = tiesHeadToEmbedding ? [] : [(.head, .weight)]
        return [(.embedding, .weight), (.finalNorm, .weight)] + head + layers
    }
}
