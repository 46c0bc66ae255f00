import Foundation

/// Whether nothing else runs in the process: OpenBLAS has one number of threads for all of it, which other tests change, and
/// with it the last bits of products. `Deploy/test` runs what compares bits in a process of its own, one test after the other.
let isAlone = ProcessInfo.processInfo.environment["TESTS_RUN_ALONE"] == "1"
