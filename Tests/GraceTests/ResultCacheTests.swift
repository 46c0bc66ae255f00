import Foundation
import Grace
import TestSupport
import Testing

@Suite("ResultCache")
struct ResultCacheTests {
    /// A step and what it must come to: a value's size in bytes is the value.
    enum Step: Sendable {
        case keep(Character, Int)
        case expect(Character, Int?)
    }

    struct Script: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let limits: ResultCache<Character, Int>.Limits
        let steps: [Step]
        /// Entries and bytes at the end.
        let kept: [Int]

        init(_ description: String, entries: Int, bytes: Int, _ steps: [Step], kept: [Int]) {
            (testDescription, limits) = (description, .init(entries: entries, bytes: bytes))
            (self.steps, self.kept) = (steps, kept)
        }
    }

    static let scripts: [Script] = [
        Script("nothing is there at first", entries: 2, bytes: 100, [.expect("a", nil)], kept: [0, 0]),
        Script(
            "the one longest out of use gives way", entries: 2, bytes: 100,
            [.keep("a", 1), .keep("b", 2), .keep("c", 3), .expect("a", nil), .expect("b", 2), .expect("c", 3)],
            kept: [2, 5]),
        Script(
            "being asked for is use", entries: 2, bytes: 100,
            [.keep("a", 1), .keep("b", 2), .expect("a", 1), .keep("c", 3), .expect("b", nil), .expect("a", 1)],
            kept: [2, 4]),
        Script(
            "asking for what is not there is not", entries: 2, bytes: 100,
            [.keep("a", 1), .keep("b", 2), .expect("x", nil), .keep("c", 3), .expect("a", nil), .expect("b", 2)],
            kept: [2, 5]),
        Script(
            "a new value takes the place of the old", entries: 2, bytes: 100,
            [.keep("a", 1), .keep("b", 2), .keep("a", 9), .keep("c", 3), .expect("b", nil), .expect("a", 9)],
            kept: [2, 12]),
        Script(
            "as many give way as the bytes ask for", entries: 9, bytes: 10,
            [.keep("a", 4), .keep("b", 3), .keep("c", 3), .keep("d", 6), .expect("a", nil), .expect("b", nil)],
            kept: [2, 9]),
        Script(
            "exactly the limit fits", entries: 9, bytes: 10, [.keep("a", 4), .keep("b", 6), .expect("a", 4)],
            kept: [2, 10]),
        Script(
            "what is too large alone is not kept, and nothing gives way for it", entries: 9, bytes: 10,
            [.keep("a", 4), .keep("b", 11), .expect("b", nil), .expect("a", 4)], kept: [1, 4]),
        Script(
            "an old value goes even where the new one is too large", entries: 9, bytes: 10,
            [.keep("a", 4), .keep("a", 11), .expect("a", nil)], kept: [0, 0]),
        Script("no entries keep nothing", entries: 0, bytes: 10, [.keep("a", 1), .expect("a", nil)], kept: [0, 0]),
        Script(
            "one entry", entries: 1, bytes: 10,
            [.keep("a", 1), .expect("a", 1), .keep("b", 2), .expect("a", nil), .expect("b", 2), .keep("b", 3)],
            kept: [1, 3]),
    ]

    @Test("The values in use last are kept, within both limits", arguments: scripts)
    func scripted(script: Script) {
        var cache = ResultCache<Character, Int>(limits: script.limits) { _, value in value }
        for (index, step) in script.steps.enumerated() {
            switch step {
            case .keep(let key, let value): cache.keep(value, for: key)
            case .expect(let key, let value): #expect(cache.value(for: key) == value, "step \(index)")
            }
        }
        #expect([cache.count, cache.byteCount] == script.kept)
    }

    @Test("Any sequence gives what a plain list in order of use gives")
    func fuzzed() {
        var generator = SeededGenerator(seed: 41)
        for _ in 0..<400 * fuzzRounds {
            let limits = ResultCache<Int, Int>.Limits(
                entries: Int.random(in: 0...6, using: &generator), bytes: Int.random(in: 0...40, using: &generator))
            var cache = ResultCache<Int, Int>(limits: limits) { _, value in value }
            var list: [(key: Int, value: Int)] = []
            for _ in 0..<80 {
                let key = Int.random(in: 0...9, using: &generator)
                if Bool.random(using: &generator) {
                    let value = Int.random(in: 0...15, using: &generator)
                    cache.keep(value, for: key)
                    list.removeAll { $0.key == key }
                    if value <= limits.bytes && limits.entries > 0 {
                        list.append((key, value))
                        while list.count > limits.entries || list.reduce(0, { $0 + $1.value }) > limits.bytes {
                            list.removeFirst()
                        }
                    }
                } else {
                    let index = list.firstIndex { $0.key == key }
                    #expect(cache.value(for: key) == index.map { list[$0].value })
                    if let index { list.append(list.remove(at: index)) }
                }
                #expect(cache.count == list.count && cache.byteCount == list.reduce(0) { $0 + $1.value })
            }
        }
    }
}

/// How many times the usual number of cases is tried.
let fuzzRounds = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1
