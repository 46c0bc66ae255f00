import Foundation
import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("AdamW")
struct AdamWTests {
    private let settings = AdamW(learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1)

    /// The definition, a number at a time.
    private struct Plain {
        var value: Double
        var first = 0.0
        var second = 0.0

        mutating func update(_ settings: AdamW, gradient: Double, step: Int) {
            value -= settings.learningRate * settings.weightDecay * value
            first = settings.beta1 * first + (1 - settings.beta1) * gradient
            second = settings.beta2 * second + (1 - settings.beta2) * gradient * gradient
            let corrected = first / (1 - pow(settings.beta1, Double(step)))
            let root = (second / (1 - pow(settings.beta2, Double(step)))).squareRoot()
            value -= settings.learningRate * corrected / (root + settings.epsilon)
        }
    }

    private func run(
        _ values: [Float], _ gradients: [[Float]], scale: Double, columns: Int, _ workers: Workers
    ) -> (value: [Float], first: [Float], second: [Float]) {
        let parameter = TrainableMatrix(columns: columns, elements: values)
        let moments = AdamW.Moments(for: parameter)
        for (index, gradient) in gradients.enumerated() {
            let matrix = TrainableMatrix(columns: columns, elements: gradient)
            settings.update(
                parameter, gradient: matrix, moments: moments, step: index + 1, gradientScale: scale, on: workers)
            #expect(matrix.all == gradient)
        }
        return (parameter.all, moments.first.all, moments.second.all)
    }

    @Test(
        "Values and moments follow the definition over several steps",
        arguments: [(1, 2), (3, 5), (1, 4095), (2, 4097), (7, 3001)], [1, 0.25])
    func definition(shape: (rows: Int, columns: Int), scale: Double) {
        var generator = SeededGenerator(seed: UInt64(shape.columns))
        let count = shape.rows * shape.columns
        let values = random(count, using: &generator)
        var gradients = (0..<6).map { _ in random(count, using: &generator) }
        // A number that never has a gradient only decays.
        for step in gradients.indices { gradients[step][0] = 0 }
        var expected = values.map { Plain(value: Double($0)) }
        for (step, gradient) in gradients.enumerated() {
            for index in expected.indices {
                expected[index].update(settings, gradient: Double(gradient[index]) * scale, step: step + 1)
            }
        }
        for kernels in Kernels.available {
            let found = run(
                values, gradients, scale: scale, columns: shape.columns, Workers(count: 2, kernels: kernels))
            let changes = zip(found.value, values).map { $0 - $1 }
            let expectedChanges = zip(expected, values).map { Float($0.value - Double($1)) }
            #expect(relativeL2(changes, expectedChanges) <= 1e-4, "\(kernels)")
            #expect(relativeL2(found.first, expected.map { Float($0.first) }) <= 1e-5, "\(kernels)")
            #expect(relativeL2(found.second, expected.map { Float($0.second) }) <= 1e-5, "\(kernels)")
        }
    }

    @Test("Threads do not change bits")
    func threads() {
        var generator = SeededGenerator(seed: 6)
        let count = 20_011
        let values = random(count, using: &generator)
        let gradients = (0..<3).map { _ in random(count, using: &generator) }
        for kernels in Kernels.available {
            let one = run(values, gradients, scale: 1, columns: count, Workers(count: 1, kernels: kernels))
            for threads in [2, 3, 3] {
                #expect(
                    run(values, gradients, scale: 1, columns: count, Workers(count: threads, kernels: kernels)) == one)
            }
        }
    }

    @Test("The first step is the learning rate long, whatever the gradient's length")
    func firstStep() {
        for gradient in [1e-2, 1, 1e3, -5] as [Float] {
            let found = run([0], [[gradient]], scale: 1, columns: 1, Workers(count: 1)).value[0]
            #expect(abs(found + (gradient < 0 ? -0.01 : 0.01)) <= 2e-5)
        }
    }
}

@Suite("Sums of squares")
struct SquareSumTests {
    @Test(
        "They are kept in double precision, and threads do not change bits", arguments: [1, 7, 65_535, 65_537, 200_003])
    func definition(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let values = random(count, using: &generator)
        let expected = values.reduce(0) { $0 + Double($1) * Double($1) }
        let matrix = TrainableMatrix(columns: count, elements: values)
        for kernels in Kernels.available {
            let found = matrix.squareSum(on: Workers(count: 1, kernels: kernels))
            #expect(abs(found / expected - 1) <= 1e-12, "\(kernels)")
            for threads in [2, 3, 3] {
                #expect(matrix.squareSum(on: Workers(count: threads, kernels: kernels)) == found, "\(kernels)")
            }
        }
    }

    @Test("A number that is none makes the sum none, and large ones do not overflow")
    func extremes() {
        for kernels in Kernels.available {
            let workers = Workers(count: 1, kernels: kernels)
            #expect(TrainableMatrix(columns: 3, elements: [1, .nan, 2]).squareSum(on: workers).isNaN)
            #expect(TrainableMatrix(columns: 3, elements: [1, .infinity, 2]).squareSum(on: workers) == .infinity)
            let large = TrainableMatrix(columns: 2, elements: [1e38, 1e38]).squareSum(on: workers)
            #expect(abs(large / 2e76 - 1) <= 1e-6)
        }
    }
}
