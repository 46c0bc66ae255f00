import Foundation
import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("The way back through SwiGLU")
struct SwiGLUGradientTests {
    private struct Outcome: Equatable {
        let gated, gate, up: [Float]
    }

    private func silu(_ gate: Double) -> Double { gate / (1 + exp(-gate)) }

    private func run(
        _ gate: [Float], _ up: [Float], _ gradient: [Float], columns: Int, rows: Int, _ workers: Workers
    ) -> Outcome {
        let outputs = (0..<3).map { _ in
            Activation(columns: columns, elements: [Float](repeating: 7, count: gate.count))
        }
        SwiGLU.backward(
            gate: Activation(columns: columns, elements: gate), up: Activation(columns: columns, elements: up),
            gatedGradient: Activation(columns: columns, elements: gradient), gated: outputs[0],
            gateGradient: outputs[1], upGradient: outputs[2], rows: rows, on: workers)
        return Outcome(gated: outputs[0].all, gate: outputs[1].all, up: outputs[2].all)
    }

    @Test(
        "Gradients are those of differences, and what the forward pass wrote is written again",
        arguments: [(1, 1), (3, 17), (70, 65)])
    func gradients(shape: (rows: Int, columns: Int)) {
        let (rows, columns) = shape
        var generator = SeededGenerator(seed: UInt64(rows))
        let count = (rows + 1) * columns
        let gate = random(count, in: -12...12, using: &generator)
        let up = random(count, in: -3...3, using: &generator)
        let gradient = random(count, using: &generator)
        let used = rows * columns
        let gateExpected = (0..<used).map { index in
            differences(at: [gate[index]]) { silu($0[0]) * Double(up[index]) * Double(gradient[index]) }[0]
        }
        let upExpected = (0..<used).map { Float(silu(Double(gate[$0])) * Double(gradient[$0])) }
        let gatedExpected = (0..<used).map { Float(silu(Double(gate[$0])) * Double(up[$0])) }
        for kernels in Kernels.available {
            let outcome = run(gate, up, gradient, columns: columns, rows: rows, Workers(count: 2, kernels: kernels))
            #expect(relativeL2(Array(outcome.gate.prefix(used)), gateExpected) <= 1e-5, "\(kernels)")
            #expect(relativeL2(Array(outcome.up.prefix(used)), upExpected) <= 1e-6, "\(kernels)")
            #expect(relativeL2(Array(outcome.gated.prefix(used)), gatedExpected) <= 1e-6, "\(kernels)")
            for output in [outcome.gate, outcome.up, outcome.gated] {
                #expect(output.dropFirst(used).allSatisfy { $0 == 7 }, "a row that was not asked for")
            }
            let other = run(gate, up, gradient, columns: columns, rows: rows, Workers(count: 3, kernels: kernels))
            #expect(other == outcome, "threads change bits")
        }
    }

    @Test("A gate far from 0 has a finite gradient")
    func extremes() {
        let gate: [Float] = [-1e4, -200, -88, 88, 200, 1e4, 0]
        let ones = [Float](repeating: 1, count: gate.count)
        for kernels in Kernels.available {
            let outcome = run(gate, ones, ones, columns: gate.count, rows: 1, Workers(count: 1, kernels: kernels))
            for (found, expected) in zip(outcome.gate, [0, 0, 0, 1, 1, 1, 0.5] as [Float]) {
                #expect(abs(found - expected) <= 1e-6, "\(kernels)")
            }
            for (found, expected) in zip(outcome.up, [0, 0, 0, 88, 200, 1e4, 0] as [Float]) {
                #expect(abs(found - expected) <= 1e-2, "\(kernels)")
            }
        }
    }
}

@Suite("The way back through rotary embedding")
struct RotaryGradientTests {
    @Test(
        "It is the inverse of the way forward, and its transpose",
        arguments: [(1, 1, 2), (5, 3, 6), (7, 2, 34), (60, 5, 64)])
    func inverse(shape: (rows: Int, heads: Int, headSize: Int)) {
        let (rows, heads, headSize) = shape
        var generator = SeededGenerator(seed: UInt64(rows))
        let columns = heads * headSize
        let input = random((rows + 1) * columns, using: &generator)
        let gradient = random((rows + 1) * columns, using: &generator)
        let angles = Activation(rowCapacity: rows, columns: headSize)
        Rotary(headSize: headSize, theta: 10_000).computeAngles(of: (0..<rows).map { $0 * 3 + 1 }, into: angles)
        for kernels in Kernels.available {
            let workers = Workers(count: 2, kernels: kernels)
            let turned = Activation(columns: columns, elements: input)
            let keys = Activation(columns: headSize, elements: random((rows + 1) * headSize, using: &generator))
            let keysBefore = keys.all
            Rotary.forward(turned, keys, angles: angles, rows: rows, on: workers)
            let forward = turned.all
            #expect(relativeL2(forward, input) > 0.1, "something is turned")
            Rotary.backward(turned, keys, angles: angles, rows: rows, on: workers)
            #expect(relativeL2(turned.all, input) <= 1e-6 && relativeL2(keys.all, keysBefore) <= 1e-6, "\(kernels)")
            #expect(turned.row(rows) == Array(input.suffix(columns)), "a row that was not asked for")
            let back = Activation(columns: columns, elements: gradient)
            Rotary.backward(back, angles: angles, rows: rows, on: workers)
            let used = rows * columns
            func product(_ first: [Float], _ second: [Float]) -> Double {
                zip(first.prefix(used), second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            }
            #expect(abs(product(gradient, forward) - product(back.all, input)) <= 1e-6 * Double(used), "\(kernels)")
        }
    }
}
