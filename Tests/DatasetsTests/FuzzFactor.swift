import Foundation

/// `GRACE_FUZZ_ROUNDS` multiplies the rounds of every fuzz test.
let fuzzFactor = max(1, ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1)
