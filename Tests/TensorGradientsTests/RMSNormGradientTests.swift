import TensorGradients
import Tensors
import TestSupport
import Testing

/// Rows, groups of channels in a row, and channels of a group: odd ones, and enough for several threads.
private let shapes = [(1, 1, 1), (3, 1, 17), (2, 3, 5), (9, 2, 64), (150, 3, 33)]

@Suite("The way back through RMSNorm")
struct RMSNormGradientTests {
    private struct Case {
        let rows, groups, channels: Int
        let input, gain, outputGradient, inputBefore, gainBefore: [Float]
        let epsilon: Float = 1e-3

        init(_ shape: (Int, Int, Int)) {
            (rows, groups, channels) = shape
            var generator = SeededGenerator(seed: UInt64(rows * 1000 + channels))
            // A row more than is asked for.
            let count = (rows + 1) * groups * channels
            input = random(count, using: &generator)
            outputGradient = random(count, using: &generator)
            inputBefore = random(count, using: &generator)
            gain = random(channels, using: &generator)
            gainBefore = random(channels, using: &generator)
        }

        func run(_ kernels: Kernels, threads: Int, trainsGain: Bool = true) -> (input: [Float], gain: [Float]) {
            let columns = groups * channels
            let inputGradient = Activation(columns: columns, elements: inputBefore)
            let gainGradient = TrainableMatrix(columns: channels, elements: gainBefore)
            RMSNorm.backward(
                Activation(columns: columns, elements: input), gain: Matrix(columns: channels, elements: gain),
                epsilon: epsilon, outputGradient: Activation(columns: columns, elements: outputGradient),
                into: inputGradient, gainGradient: trainsGain ? gainGradient : nil, rows: rows,
                on: Workers(count: threads, kernels: kernels))
            return (inputGradient.all, gainGradient.all)
        }

        /// What of the gradients is added, by differences of the definition, a group at a time.
        func expected() -> (input: [Float], gain: [Float]) {
            var inputGradient: [Float] = []
            var gainGradient = [Double](repeating: 0, count: channels)
            let gains = gain.map { Double($0) }
            for group in 0..<rows * groups {
                let range = group * channels..<(group + 1) * channels
                let x = Array(input[range])
                let dy = outputGradient[range].map { Double($0) }
                func loss(_ x: [Double], _ gain: [Double]) -> Double {
                    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(channels)
                    let scale = 1 / (mean + Double(epsilon)).squareRoot()
                    return x.indices.reduce(0) { $0 + dy[$1] * x[$1] * scale * gain[$1] }
                }
                let wide = x.map { Double($0) }
                inputGradient += differences(at: x) { loss($0, gains) }
                for (channel, value) in differences(at: gain, of: { loss(wide, $0) }).enumerated() {
                    gainGradient[channel] += Double(value)
                }
            }
            return (inputGradient, gainGradient.map { Float($0) })
        }
    }

    @Test("Gradients are those of differences, and are added", arguments: shapes)
    func gradients(shape: (Int, Int, Int)) {
        let test = Case(shape)
        let expected = test.expected()
        let zeros = [Float](repeating: 0, count: test.groups * test.channels)
        for kernels in Kernels.available {
            let (input, gain) = test.run(kernels, threads: 3)
            let inputDistance = relativeL2(input, sum(test.inputBefore, expected.input + zeros))
            #expect(inputDistance <= 1e-5, "\(kernels): \(inputDistance)")
            #expect(input.suffix(zeros.count) == test.inputBefore.suffix(zeros.count), "a row that was not asked for")
            let gainDistance = relativeL2(gain, sum(test.gainBefore, expected.gain))
            #expect(gainDistance <= 1e-5, "\(kernels): \(gainDistance)")
        }
    }

    @Test("The same threads give the same bits, and without a gain's gradient the input's is the same")
    func repetition() {
        let test = Case((150, 3, 33))
        for kernels in Kernels.available {
            for threads in [1, 2, 3] {
                let first = test.run(kernels, threads: threads)
                for _ in 0..<5 {
                    let again = test.run(kernels, threads: threads)
                    #expect(again.input == first.input && again.gain == first.gain)
                }
                let untrained = test.run(kernels, threads: threads, trainsGain: false)
                #expect(untrained.input == first.input && untrained.gain == test.gainBefore)
            }
        }
    }
}
