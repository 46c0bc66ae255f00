import Tensors
import TestSupport

/// The gradient of a function in double precision, by central differences.
func differences(at point: [Float], step: Double = 1e-5, of function: ([Double]) -> Double) -> [Float] {
    var moved = point.map { Double($0) }
    return moved.indices.map { index in
        let value = moved[index]
        moved[index] = value + step
        let above = function(moved)
        moved[index] = value - step
        let below = function(moved)
        moved[index] = value
        return Float((above - below) / (2 * step))
    }
}

func random(_ count: Int, in range: ClosedRange<Float> = -1...1, using generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &generator) }
}

func sum(_ first: [Float], _ second: [Float]) -> [Float] {
    zip(first, second).map { $0 + $1 }
}

extension Activation {
    /// An activation of exactly these numbers.
    convenience init(columns: Int, elements: [Float]) {
        self.init(rowCapacity: elements.count / columns, columns: columns)
        for row in 0..<rowCapacity { setRow(row, to: Array(elements[row * columns..<(row + 1) * columns])) }
    }

    var all: [Float] { (0..<rowCapacity).flatMap(row) }
}

extension TrainableMatrix {
    convenience init(columns: Int, elements: [Float]) {
        self.init(Matrix(columns: columns, elements: elements))
    }

    var all: [Float] { Array(elements) }
}
