/// Damages valid input in the ways that files and peers do: for fuzz tests.
package struct Mutator {
    private var generator: SeededGenerator

    package init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A copy of `bytes` with one to four random edits: flipped bits, replaced, inserted, deleted, repeated or
    /// truncated runs, and integers at their extremes.
    package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            edit(&result)
        }
        return result
    }

    private mutating func edit(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes.append(UInt8.random(in: .min ... .max, using: &generator))
            return
        }
        let position = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, position + Int.random(in: 1...16, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
        case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: position)
        case 3: bytes.removeSubrange(position..<end)
        case 4: bytes.insert(contentsOf: bytes[position..<end], at: position)
        case 5: bytes.removeSubrange(position...)
        case 6:
            for index in position..<end {
                bytes[index] = 0xFF
            }
        default:
            for index in position..<end {
                bytes[index] = 0
            }
        }
    }
}
