import Tensors

/// A weight, `[outputs, inputs]`, as the way back multiplies gradients with it.
package enum ReturnWeight: Sendable {
    /// As the forward pass reads it.
    case float32(Matrix)
    /// The other way round, `[inputs, outputs]`, for the kernels of packed weights take the second factor transposed.
    case packed(PackedWeight)

    /// Transposes what is packed, in memory of its own.
    ///
    /// - Precondition: a packed weight is in bfloat16.
    package init(_ weight: Weight) {
        switch weight {
        case .float32(let matrix): self = .float32(matrix)
        case .packed(let packed): self = .packed(packed.transposed())
        }
    }
}

extension LinearProduct {
    /// `inputGradient = outputGradient x weight`, for the first `rows` rows.
    ///
    /// - Parameters:
    ///   - outputGradient: `[rows, outputs]`
    ///   - inputGradient: `[rows, inputs]`
    ///   - isAdded: whether to add to what is there: an input that several layers read.
    ///   - scratch: `[rows, inputs]`, which is written where a packed weight's product is added.
    package static func backward(
        _ outputGradient: Activation, through weight: ReturnWeight, into inputGradient: Activation,
        isAdded: Bool = false,
        scratch: Activation, rows: Int, on workers: Workers
    ) {
        switch weight {
        case .float32(let matrix):
            backward(outputGradient, through: matrix, into: inputGradient, isAdded: isAdded, rows: rows)
        case .packed(let transposed):
            let product = isAdded ? scratch : inputGradient
            workers.multiply(outputGradient, byTransposeOf: .packed(transposed), into: product, rows: rows)
            if isAdded { inputGradient.add(product, rows: rows, on: workers) }
        }
    }
}
