import CKernels

/// What a processor multiplies and adds in.
package enum Arithmetic: Sendable, CaseIterable {
    case float32
    case bfloat16
    case int8

    fileprivate var native: grace_arithmetic {
        switch self {
        case .float32: GRACE_ARITHMETIC_FLOAT32
        case .bfloat16: GRACE_ARITHMETIC_BFLOAT16
        case .int8: GRACE_ARITHMETIC_INT8
        }
    }

    /// The instruction with the highest throughput that this machine has for it, for example `vdpbf16ps zmm`; nil without
    /// one.
    package var instruction: String? { grace_peak_instruction(native).map { String(cString: $0) } }
}

/// What a machine can do at most: what the speed of a model is compared with.
package struct MachineLimits: Sendable, Equatable {
    /// Reading a buffer far larger than the caches, in bytes a second.
    package let memoryBandwidth: Double
    /// For each arithmetic that the machine has instructions for, operations a second; a multiplication that is added
    /// counts as two.
    package let operations: [Arithmetic: Double]

    /// Takes both as they are.
    package init(memoryBandwidth: Double, operations: [Arithmetic: Double]) {
        self.memoryBandwidth = memoryBandwidth
        self.operations = operations
    }

    /// Operations a second of an arithmetic; of float32 where there are no instructions for it, as kernels then widen
    /// their numbers.
    package func peak(of arithmetic: Arithmetic) -> Double {
        operations[arithmetic] ?? operations[.float32] ?? 0
    }

    /// Measures with so many threads, all busy at once: for a second or two, and with a buffer of `bufferSize` bytes for
    /// that time. Each number is the best of several tries.
    package static func measure(threads: Int, bufferSize: Int = 256 << 20) -> MachineLimits {
        let pool = WorkerPool(workerCount: threads)
        var operations: [Arithmetic: Double] = [:]
        for arithmetic in Arithmetic.allCases where arithmetic.instruction != nil {
            operations[arithmetic] = peak(of: arithmetic, on: pool)
        }
        return MachineLimits(
            memoryBandwidth: memoryBandwidth(bufferSize: bufferSize, on: pool), operations: operations)
    }

    private static let tries = 20

    private static func peak(of arithmetic: Arithmetic, on pool: WorkerPool) -> Double {
        let kind = arithmetic.native
        func run(rounds: UInt64) -> Double {
            let time = ContinuousClock().measure {
                pool.run(pool.workerCount) { _, shares in
                    for _ in shares { _ = grace_peak_run(kind, rounds) }
                }
            }
            return time / .seconds(1)
        }
        // As many rounds as take long against what starting the threads takes.
        var rounds: UInt64 = 1 << 12
        while run(rounds: rounds) < 0.02, rounds < 1 << 40 { rounds *= 2 }
        let best = (0..<tries).map { _ in run(rounds: rounds) }.min() ?? .infinity
        let operationsOfOne = Double(grace_peak_run(kind, 1)) * Double(rounds)
        return operationsOfOne * Double(pool.workerCount) / best
    }

    private static func memoryBandwidth(bufferSize: Int, on pool: WorkerPool) -> Double {
        let wordSize = MemoryLayout<UInt64>.stride
        // Zeroed, which is written: pages that were never written are all one page of the system's.
        let words = allocate(UInt64.self, count: max(1, bufferSize / wordSize))
        defer { words.deallocate() }
        let pieceSize = (64 << 10) / wordSize
        let pieceCount = (words.count + pieceSize - 1) / pieceSize
        let times = (0..<tries).map { _ in
            ContinuousClock().measure {
                pool.run(pieceCount) { _, pieces in
                    let range = pieces.lowerBound * pieceSize..<min(words.count, pieces.upperBound * pieceSize)
                    _ = grace_stream_read(words.baseAddress.map { $0 + range.lowerBound }, range.count)
                }
            } / .seconds(1)
        }
        return Double(words.count * wordSize) / (times.min() ?? .infinity)
    }
}
