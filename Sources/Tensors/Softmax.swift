import Foundation

/// Softmax of attention scores.
enum Softmax {
    /// Normalises the first `count` of a row's `columns` scores in place; the rest, later positions, become 0.
    static func forward(_ scores: UnsafeMutablePointer<Float>, count: Int, columns: Int) {
        var largest = -Float.infinity
        for column in 0..<count {
            largest = max(largest, scores[column])
        }
        var sum: Float = 0
        for column in 0..<count {
            let weight = exp(scores[column] - largest)
            scores[column] = weight
            sum += weight
        }
        let scale = 1 / sum
        for column in 0..<count {
            scores[column] *= scale
        }
        for column in count..<columns {
            scores[column] = 0
        }
    }
}
