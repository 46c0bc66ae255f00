import CKernels
import Tensors
import Testing

@Suite("MachineLimits")
struct MachineLimitsTests {
    @Test(
        "Every arithmetic that there are instructions for does more operations the longer it runs",
        arguments: Arithmetic.allCases)
    func operations(arithmetic: Arithmetic) {
        let kind: grace_arithmetic =
            switch arithmetic {
            case .float32: GRACE_ARITHMETIC_FLOAT32
            case .bfloat16: GRACE_ARITHMETIC_BFLOAT16
            case .int8: GRACE_ARITHMETIC_INT8
            }
        let once = grace_peak_run(kind, 1)
        #expect((once > 0) == (arithmetic.instruction != nil))
        #expect(grace_peak_run(kind, 1000) == 1000 * once)
    }

    @Test("All words are read", arguments: [0, 1, 31, 32, 33, 1000])
    func stream(count: Int) {
        let words = (0..<UInt64(count)).map { $0 &* 0x9E37_79B9_7F4A_7C15 }
        #expect(grace_stream_read(words, count) == words.reduce(0, &+))
    }

    @Test("float32 is always measured, and the limits are positive", arguments: [1, 2])
    func measuring(threads: Int) {
        let limits = MachineLimits.measure(threads: threads, bufferSize: 1 << 20)
        #expect(limits.memoryBandwidth > 0 && limits.memoryBandwidth.isFinite)
        #expect(limits.operations.keys.contains(.float32))
        #expect(limits.operations.values.allSatisfy { $0 > 0 && $0.isFinite })
    }
}
