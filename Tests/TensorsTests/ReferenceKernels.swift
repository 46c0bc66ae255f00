import Foundation
import Tensors
import TestSupport

extension Activation {
    /// An activation of exactly these rows.
    convenience init(elements rows: [[Float]]) {
        self.init(rowCapacity: rows.count, columns: rows[0].count)
        for (index, row) in rows.enumerated() {
            setRow(index, to: row)
        }
    }

    /// Rows of numbers between -1 and 1.
    static func random(rows: Int, columns: Int, using generator: inout SeededGenerator) -> Activation {
        Activation(elements: randomRows(rows, columns, using: &generator))
    }

    var allRows: [[Float]] { (0..<rowCapacity).map(row) }
}

func randomRows(_ rows: Int, _ columns: Int, using generator: inout SeededGenerator) -> [[Float]] {
    (0..<rows).map { _ in (0..<columns).map { _ in Float.random(in: -1...1, using: &generator) } }
}

/// The definitions that the kernels are compared with: plain loops in double precision.
enum Reference {
    /// `input x weight^T`
    static func product(_ input: [[Float]], byTransposeOf weight: [[Float]]) -> [[Float]] {
        input.map { row in
            weight.map { output in Float(zip(row, output).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }) }
        }
    }

    /// `x / sqrt(mean(x^2) + epsilon) * gain` of one group of channels.
    static func rmsNorm(_ x: [Float], gain: [Float], epsilon: Double) -> [Float] {
        let meanOfSquares = x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(x.count)
        return zip(x, gain).map { Float(Double($0) / (meanOfSquares + epsilon).squareRoot() * Double($1)) }
    }

    /// One head turned by its position's angles, as complex numbers `x[i] + i * x[i + half]`.
    static func rotated(_ head: [Float], position: Int, theta: Double) -> [Float] {
        let half = head.count / 2
        var result = head
        for channel in 0..<half {
            let angle = Double(position) * pow(theta, -2 * Double(channel) / Double(head.count))
            let (real, imaginary) = (Double(head[channel]), Double(head[channel + half]))
            result[channel] = Float(real * cos(angle) - imaginary * sin(angle))
            result[channel + half] = Float(real * sin(angle) + imaginary * cos(angle))
        }
        return result
    }

    /// `silu(gate) * up`
    static func swiGLU(_ gate: Float, _ up: Float) -> Float {
        Float(Double(gate) / (1 + exp(-Double(gate))) * Double(up))
    }

    /// Causal attention of one sequence with nothing cached: row `i` of all three is position `i`.
    static func attention(
        queries: [[Float]], keys: [[Float]], values: [[Float]], keyValueHeadCount: Int, headSize: Int
    ) -> [[Float]] {
        let headCount = queries[0].count / headSize
        return queries.indices.map { position in
            (0..<headCount).flatMap { head -> [Float] in
                let first = head * headSize
                let keyFirst = head / (headCount / keyValueHeadCount) * headSize
                let scores = (0...position).map { other in
                    (0..<headSize).reduce(0.0) {
                        $0 + Double(queries[position][first + $1]) * Double(keys[other][keyFirst + $1])
                    } / Double(headSize).squareRoot()
                }
                let weights = scores.map { exp($0) }
                let total = weights.reduce(0, +)
                return (0..<headSize).map { channel in
                    Float(
                        (0...position).reduce(0.0) {
                            $0 + weights[$1] / total * Double(values[$1][keyFirst + channel])
                        })
                }
            }
        }
    }
}
