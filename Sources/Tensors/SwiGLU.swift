import Foundation

/// The gated activation of the feed-forward layer: `silu(gate) * up`.
package enum SwiGLU {
    /// Writes `gate * sigmoid(gate) * up` over `gate`, for the first `rows` rows of `[rows, channels]`.
    package static func forward(gate: Activation, up: Activation, rows: Int) {
        precondition(gate.columns == up.columns && rows <= gate.rowCapacity && rows <= up.rowCapacity, "shapes differ")
        for index in 0..<rows * gate.columns {
            let x = gate.elements[index]
            gate.elements[index] = x / (1 + exp(-x)) * up.elements[index]
        }
    }
}
