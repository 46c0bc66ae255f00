import Tensors
import TestSupport
import Testing

@Suite("RMSNorm")
struct RMSNormTests {
    @Test(
        "A row is divided by its root mean square and scaled, by hand",
        arguments: [
            // sqrt((9 + 16) / 2) = 3.5355339
            ([3, 4], [1, 2], 0, [0.8485281, 2.2627417]),
            // sqrt(1 + 3) = 2
            ([1, -1], [1, 1], 3, [0.5, -0.5]),
            ([0, 0], [1, 1], 1e-6, [0, 0]),
            // With epsilon outside of the root this would be 1.
            ([1e-3], [1], 1e-6, [0.7071068]),
        ] as [([Float], [Float], Float, [Float])])
    func literal(input: [Float], gain: [Float], epsilon: Float, expected: [Float]) {
        let output = Activation(rowCapacity: 1, columns: input.count)
        RMSNorm.forward(
            Activation(elements: [input]), gain: Matrix(columns: gain.count, elements: gain),
            epsilon: epsilon, into: output, rows: 1, on: Workers(count: 1))
        for (found, expected) in zip(output.row(0), expected) {
            #expect(abs(found - expected) <= 1e-6)
        }
    }

    @Test("What is added before is in the total, which may be the stream itself", arguments: [true, false])
    func adding(isInPlace: Bool) {
        var generator = SeededGenerator(seed: 3)
        let residual = Activation.random(rows: 4, columns: 19, using: &generator)
        let update = Activation.random(rows: 4, columns: 19, using: &generator)
        let total = isInPlace ? residual : Activation(rowCapacity: 4, columns: 19)
        let (before, untouched) = (residual.allRows, total.row(3))
        let gain = randomRows(1, 19, using: &generator)[0]
        let output = Activation(rowCapacity: 4, columns: 19)
        RMSNorm.forward(
            RMSNorm.Sum(residual, update, total: total), gain: Matrix(columns: 19, elements: gain), epsilon: 1e-5,
            into: output, rows: 3, on: Workers(count: 2))
        for row in 0..<3 {
            let sums = zip(before[row], update.row(row)).map { $0 + $1 }
            #expect(total.row(row) == sums)
            #expect(relativeL2(output.row(row), Reference.rmsNorm(sums, gain: gain, epsilon: 1e-5)) <= 1e-6)
        }
        #expect(isInPlace || residual.allRows == before)
        #expect(total.row(3) == untouched)
        #expect(output.row(3) == [Float](repeating: 0, count: 19))
    }

    @Test(
        "Each group of channels is normalised by itself, in place or not",
        arguments: [(1, 64), (3, 17), (8, 1)], [true, false])
    func groups(shape: (groups: Int, channels: Int), isInPlace: Bool) {
        let (groups, channels) = shape
        var generator = SeededGenerator(seed: UInt64(groups * channels))
        let input = Activation.random(rows: 5, columns: groups * channels, using: &generator)
        let before = input.allRows
        let output = isInPlace ? input : Activation(rowCapacity: 5, columns: groups * channels)
        let untouched = output.row(4)
        let gain = randomRows(1, channels, using: &generator)[0]
        RMSNorm.forward(
            heads: input, gain: Matrix(columns: channels, elements: gain), epsilon: 1e-5, into: output, rows: 4,
            on: Workers(count: 1))
        for row in 0..<4 {
            let expected = (0..<groups).flatMap { group in
                Reference.rmsNorm(
                    Array(before[row][group * channels..<(group + 1) * channels]), gain: gain, epsilon: 1e-5)
            }
            #expect(relativeL2(output.row(row), expected) <= 1e-6)
        }
        #expect(output.row(4) == untouched)
    }
}

@Suite("Rotary")
struct RotaryTests {
    private func angles(of positions: [Int], headSize: Int, theta: Float) -> Activation {
        let angles = Activation(rowCapacity: positions.count, columns: headSize)
        Rotary(headSize: headSize, theta: theta).computeAngles(of: positions, into: angles)
        return angles
    }

    @Test("Frequencies fall from 1 with theta")
    func frequencies() {
        #expect(Rotary(headSize: 2, theta: 10_000).inverseFrequencies == [1])
        let frequencies = Rotary(headSize: 8, theta: 10_000).inverseFrequencies
        for (found, expected) in zip(frequencies, [1, 0.1, 0.01, 0.001] as [Float]) {
            #expect(abs(found / expected - 1) <= 1e-6)
        }
    }

    @Test(
        "Channel i turns with channel i + half, by hand",
        arguments: [
            (0, [1, 2, 3, 4], [1, 2, 3, 4]),
            // cos 1 = 0.5403023, sin 1 = 0.84147098
            (1, [1, 0, 0, 0], [0.5403023, 0, 0.84147098, 0]),
            (1, [0, 0, 1, 0], [-0.84147098, 0, 0.5403023, 0]),
            // The second frequency is 0.01.
            (100, [0, 1, 0, 0], [0, 0.5403023, 0, 0.84147098]),
        ] as [(Int, [Float], [Float])])
    func literal(position: Int, head: [Float], expected: [Float]) {
        let heads = Activation(elements: [head])
        Rotary.forward(
            heads, angles: angles(of: [position], headSize: 4, theta: 10_000), rows: 1, on: Workers(count: 1))
        for (found, expected) in zip(heads.row(0), expected) {
            #expect(abs(found - expected) <= 1e-6)
        }
    }

    @Test("Every head of every row turns by its row's position", arguments: [2, 8, 64])
    func heads(headSize: Int) {
        var generator = SeededGenerator(seed: UInt64(headSize))
        let positions = [0, 1, 5, 700, 3]
        let heads = Activation.random(rows: 6, columns: 3 * headSize, using: &generator)
        let before = heads.allRows
        Rotary.forward(
            heads, angles: angles(of: positions, headSize: headSize, theta: 500_000), rows: 5, on: Workers(count: 1))
        for (row, position) in positions.enumerated() {
            let expected = (0..<3).flatMap { head in
                Reference.rotated(
                    Array(before[row][head * headSize..<(head + 1) * headSize]), position: position, theta: 500_000)
            }
            // An angle of 700 radians in single precision is known to 3e-5.
            #expect(relativeL2(heads.row(row), expected) <= 5e-5)
        }
        #expect(heads.row(5) == before[5])
    }

    @Test("Products of queries and keys depend on the distance of their positions alone")
    func relativePositions() {
        var generator = SeededGenerator(seed: 1)
        let rows = randomRows(2, 16, using: &generator)
        func product(_ queryPosition: Int, _ keyPosition: Int) -> Float {
            let heads = Activation(elements: rows)
            Rotary.forward(
                heads, angles: angles(of: [queryPosition, keyPosition], headSize: 16, theta: 100), rows: 2,
                on: Workers(count: 1))
            return zip(heads.row(0), heads.row(1)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(product(7, 3) - product(104, 100)) <= 1e-4)
        #expect(abs(product(7, 3) - product(3, 7)) > 1e-2)
    }
}

@Suite("SwiGLU")
struct SwiGLUTests {
    @Test("The gate's silu scales the other branch, by hand and without overflow")
    func literal() {
        let gate = Activation(elements: [[0, 1, -1, 100, -100], [1, 1, 1, 1, 1]])
        SwiGLU.forward(
            gate: gate, up: Activation(elements: [[1, 2, 3, 4, 5], [7, 7, 7, 7, 7]]), into: gate, rows: 1,
            on: Workers(count: 1))
        for (found, expected) in zip(gate.row(0), [0, 1.4621172, -0.8068243, 400, 0] as [Float]) {
            #expect(abs(found - expected) <= 1e-6)
        }
        #expect(gate.row(1) == [1, 1, 1, 1, 1])
    }

    @Test("It equals the definition")
    func definition() {
        var generator = SeededGenerator(seed: 2)
        let gate = Activation.random(rows: 3, columns: 113, using: &generator)
        let up = Activation.random(rows: 3, columns: 113, using: &generator)
        let expected = zip(gate.allRows.joined(), up.allRows.joined()).map { Reference.swiGLU($0, $1) }
        let (before, output) = (gate.allRows, Activation(rowCapacity: 3, columns: 113))
        SwiGLU.forward(gate: gate, up: up, into: output, rows: 3, on: Workers(count: 1))
        #expect(relativeL2(output.allRows.flatMap { $0 }, expected) <= 1e-6)
        #expect(gate.allRows == before)
        SwiGLU.forward(gate: gate, up: up, into: gate, rows: 3, on: Workers(count: 1))
        #expect(gate.allRows == output.allRows)
    }
}
