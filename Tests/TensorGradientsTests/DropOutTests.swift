import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("What is dropped")
struct DropOutTests {
    private let rows = 301
    private let columns = 97

    private func ones(_ rate: Float, seed: UInt64, _ kernels: Kernels = .best, threads: Int = 2) -> [Float] {
        let output = Activation(rowCapacity: rows, columns: columns)
        DropOut(rate: rate, seed: seed).apply(
            Activation(columns: columns, elements: [Float](repeating: 1, count: rows * columns)), into: output,
            rows: rows, on: Workers(count: threads, kernels: kernels))
        return output.all
    }

    @Test(
        "So many numbers are 0 and the others so much larger that the mean stays",
        arguments: [0.1, 0.5, 0.9] as [Float])
    func mean(rate: Float) {
        let count = Double(rows * columns)
        for seed in [0, 1, 77, .max] as [UInt64] {
            let found = ones(rate, seed: seed)
            let kept = found.filter { $0 != 0 }
            #expect(kept.allSatisfy { abs($0 * (1 - rate) - 1) <= 1e-6 })
            // Five standard deviations of a coin.
            let deviation = (Double(rate * (1 - rate)) / count).squareRoot()
            #expect(abs(Double(kept.count) / count - Double(1 - rate)) <= 5 * deviation, "seed \(seed)")
        }
    }

    @Test("Without a rate every number stays as it is")
    func none() {
        #expect(ones(0, seed: 3).allSatisfy { $0 == 1 })
    }

    @Test("A seed drops the same, whatever computes, and in place")
    func sameSeed() {
        let expected = ones(0.3, seed: 9)
        for kernels in Kernels.available {
            for threads in [1, 2, 3] { #expect(ones(0.3, seed: 9, kernels, threads: threads) == expected) }
        }
        var generator = SeededGenerator(seed: 1)
        let values = random(rows * columns, in: 1...2, using: &generator)
        let activation = Activation(columns: columns, elements: values)
        DropOut(rate: 0.3, seed: 9).apply(activation, into: activation, rows: rows - 1, on: Workers(count: 2))
        let (found, used) = (activation.all, (rows - 1) * columns)
        #expect((0..<used).allSatisfy { abs(found[$0] - values[$0] * expected[$0]) <= 1e-6 })
        #expect((0..<used).allSatisfy { (found[$0] == 0) == (expected[$0] == 0) })
        #expect(Array(found[used...]) == Array(values[used...]), "a row that was not asked for")
    }

    @Test(
        "Other seeds drop others, as two coins differ",
        arguments: [(1, 2), (0, 1), (5, 5 | 1 << 32), (1 << 40, 1 << 41), (0, .max)] as [(UInt64, UInt64)])
    func otherSeeds(seeds: (UInt64, UInt64)) {
        let (first, second) = (ones(0.5, seed: seeds.0), ones(0.5, seed: seeds.1))
        let differing = zip(first, second).count { ($0 == 0) != ($1 == 0) }
        let count = Double(rows * columns)
        #expect(abs(Double(differing) / count - 0.5) <= 5 * (0.25 / count).squareRoot())
    }

    @Test("Neighbouring rows and channels drop as if by different coins")
    func neighbours() {
        let dropped = ones(0.5, seed: 12).map { $0 == 0 }
        for distance in [1, 2, columns, 2 * columns, 64, 128] {
            let differing = zip(dropped, dropped.dropFirst(distance)).count { $0 != $1 }
            let count = Double(dropped.count - distance)
            #expect(abs(Double(differing) / count - 0.5) <= 5 * (0.25 / count).squareRoot(), "\(distance)")
        }
    }
}
