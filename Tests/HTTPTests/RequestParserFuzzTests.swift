import Foundation
import HTTP
import TestSupport
import Testing

@Suite("RequestParser, fuzzed")
struct RequestParserFuzzTests {
    @Test("Damaged requests have one outcome, however they are sliced")
    func damagedRequests() {
        let factor = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1
        let seeds = (acceptedVectors + unfinishedVectors + refusedVectors).map(\.bytes).filter { $0.count < 2000 }
        var mutator = Mutator(seed: 1)
        var generator = SeededGenerator(seed: 2)
        var refusals = 0
        for round in 0..<(30_000 * factor) {
            var bytes = mutator.mutate(seeds[round % seeds.count])
            if round % 3 == 0 { bytes += seeds[Int.random(in: 0..<seeds.count, using: &generator)] }
            let whole = outcome(of: bytes, slices: [max(1, bytes.count)])
            let slices = (0..<8).map { _ in Int.random(in: 1...30, using: &generator) }
            #expect(outcome(of: bytes, slices: slices) == whole, "round \(round), slices \(slices)")
            if whole.hasSuffix("00") { refusals += 1 }
        }
        // Most damage is found; were it otherwise, the test would not test.
        #expect(refusals > 10_000 * factor)
    }

    @Test("Random bytes are refused or wait for more")
    func randomBytes() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            let bytes = (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(["400", "…"].contains(outcome(of: bytes, slices: [7])))
        }
    }
}
