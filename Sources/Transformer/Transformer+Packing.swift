import Tensors

extension TransformerWeights {
    /// The same weights in another number format, in memory of their own; vectors are shared.
    ///
    /// - Precondition: these are in float32.
    /// - Throws: `WeightOutOfRange`
    package func packed(as format: PackedFormat) throws(WeightOutOfRange) -> TransformerWeights {
        try mapped(weights: { matrix throws(WeightOutOfRange) in try Self.packed(matrix, as: format) }, vectors: { $0 })
    }

    /// The same weights in memory of their own, vectors too: what stays where these are trained.
    ///
    /// - Parameter format: of the copy; nil keeps float32.
    /// - Precondition: these are in float32.
    /// - Throws: `WeightOutOfRange`
    package func copied(as format: PackedFormat?) throws(WeightOutOfRange) -> TransformerWeights {
        try mapped(
            weights: { matrix throws(WeightOutOfRange) in
                guard let format else { return .float32(matrix.copied) }
                return try Self.packed(matrix, as: format)
            }, vectors: \.copied)
    }

    private static func packed(_ matrix: Matrix, as format: PackedFormat) throws(WeightOutOfRange) -> Weight {
        do throws(StoredMatrixError<Never>) {
            return try Weight(matrix, packedAs: format)
        } catch {
            switch error {
            case .outOfRange(let weight): throw weight
            }
        }
    }

    private func mapped(
        weights: (Matrix) throws(WeightOutOfRange) -> Weight, vectors: (Matrix) -> Matrix
    ) throws(WeightOutOfRange) -> TransformerWeights {
        func mapped(_ weight: Weight) throws(WeightOutOfRange) -> Weight {
            guard case .float32(let matrix) = weight else { preconditionFailure("weights that are packed already") }
            return try weights(matrix)
        }
        func linear(_ layer: LinearLayer) throws(WeightOutOfRange) -> LinearLayer {
            LinearLayer(weight: try mapped(layer.weight), bias: layer.bias.map(vectors))
        }
        var layers: [Layer] = []
        for layer in self.layers {
            layers.append(
                Layer(
                    attentionNorm: vectors(layer.attentionNorm), query: try linear(layer.query),
                    key: try linear(layer.key), value: try linear(layer.value),
                    queryNorm: layer.queryNorm.map(vectors), keyNorm: layer.keyNorm.map(vectors),
                    attentionOutput: try linear(layer.attentionOutput),
                    feedForwardNorm: vectors(layer.feedForwardNorm), gate: try linear(layer.gate),
                    up: try linear(layer.up), down: try linear(layer.down)))
        }
        let mappedEmbedding = try mapped(embedding)
        let mappedHead = try tiesHeadToEmbedding ? mappedEmbedding : mapped(head)
        return TransformerWeights(
            embedding: mappedEmbedding, layers: layers, finalNorm: vectors(finalNorm), head: mappedHead, rotary: rotary)
    }

    /// Whether logits are products with the embedding: one matrix serves for both.
    package var tiesHeadToEmbedding: Bool {
        switch (embedding, head) {
        case (.float32(let embedding), .float32(let head)): embedding === head
        case (.packed(let embedding), .packed(let head)): embedding === head
        default: false
        }
    }
}
