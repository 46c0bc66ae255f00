import Foundation
import Gzip
import TestSupport
import Testing

@Suite("Deflater")
struct DeflaterTests {
    private static func text(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0x30...0x3F, using: &generator) }
    }

    @Test("What is deflated is inflated to itself", arguments: 1...6, [0, 1, 1000, 32_768, 300_000])
    func roundTrip(level: Int, count: Int) throws {
        let text = Self.text(count, seed: 1)
        let compressed = try #require(Deflater.deflate(text, level: level))
        #expect(compressed.count < count * 3 / 4 + 40)
        #expect(
            try Inflater.inflate(compressed, format: .gzip, limits: InflateLimits(maxSize: count)) == text)
        #expect(compressed == Deflater.deflate(text, level: level), "equal input gives equal output")
    }

    @Test("After a flush everything so far can be read")
    func flush() throws {
        let deflater = try #require(Deflater(level: 1))
        let inflater = try Inflater(.gzip, limits: InflateLimits(maxSize: 1_000_000))
        for index in 0..<100 {
            let event = Array("event: token\ndata: {\"index\": \(index)}\n\n".utf8)
            #expect(try inflater.inflate(deflater.deflate(event, flush: .everything)) == event)
        }
        let big = Self.text(200_000, seed: 2)
        #expect(try inflater.inflate(deflater.deflate(big, flush: .everything)) == big)
        #expect(throws: InflateError.self) { try inflater.finish() }
        #expect(try inflater.inflate(deflater.deflate([], flush: .finish)) == [])
        try inflater.finish()
    }

    @Test("Damaged streams are refused, or give what they gave")
    func damage() throws {
        let factor = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1
        let limits = InflateLimits(maxSize: 10_000)
        let texts = (0..<20).map { Self.text(10 + 37 * $0, seed: UInt64($0)) }
        let seeds = try texts.map { try #require(Deflater.deflate($0, level: 6)) }
        var mutator = Mutator(seed: 1)
        var refusals = 0
        for round in 0..<(20_000 * factor) {
            let index = round % texts.count
            let damaged = mutator.mutate(seeds[index])
            do throws(InflateError) {
                let inflated = try Inflater.inflate(damaged, format: .gzip, limits: limits)
                // Damage of the header's time, or none at all.
                #expect(inflated == texts[index] || damaged.starts(with: seeds[index]), "round \(round)")
            } catch {
                refusals += 1
            }
        }
        #expect(refusals > 10_000 * factor)
    }
}
