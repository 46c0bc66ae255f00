import TestSupport

/// How a test stores a matrix's numbers. Its own encoders, the opposites of the decoders under test.
enum Encoding: CaseIterable {
    case float32, float16, bfloat16, q4_1, q8_0

    var safetensorsName: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .q4_1, .q8_0: "not in safetensors"
        }
    }

    /// `ggml_type`
    var ggmlType: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .q4_1: 3
        case .q8_0: 8
        case .bfloat16: 30
        }
    }

    func encode(_ values: [Float]) -> [UInt8] {
        switch self {
        case .float32: values.flatMap { LittleEndian.bytes($0.bitPattern) }
        case .float16: values.flatMap { LittleEndian.bytes(Float16($0).bitPattern) }
        case .bfloat16: values.flatMap { LittleEndian.bytes(UInt16($0.bitPattern >> 16)) }
        case .q4_1: blocks(of: values).flatMap { Q4_1($0).bytes }
        case .q8_0: blocks(of: values).flatMap { Q8_0($0).bytes }
        }
    }

    /// The numbers that are left of these.
    func rounded(_ values: [Float]) -> [Float] {
        switch self {
        case .float32: values
        case .float16: values.map { Float(Float16($0)) }
        case .bfloat16: values.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
        case .q4_1: blocks(of: values).flatMap { Q4_1($0).values }
        case .q8_0: blocks(of: values).flatMap { Q8_0($0).values }
        }
    }

    private func blocks(of values: [Float]) -> [ArraySlice<Float>] {
        stride(from: 0, to: values.count, by: 32).map { values[$0..<$0 + 32] }
    }
}

private struct Q8_0 {
    let scale: Float16
    let quants: [Int8]

    init(_ block: ArraySlice<Float>) {
        let largest = block.reduce(0) { max($0, abs($1)) }
        let scale = Float16(largest / 127)
        self.scale = scale
        quants = block.map { Int8(max(-127, min(127, ($0 / Float(scale)).rounded()))) }
    }

    var bytes: [UInt8] { LittleEndian.bytes(scale.bitPattern) + quants.map { UInt8(bitPattern: $0) } }
    var values: [Float] { quants.map { Float($0) * Float(scale) } }
}

private struct Q4_1 {
    let scale: Float16
    let minimum: Float16
    let quants: [UInt8]

    init(_ block: ArraySlice<Float>) {
        let smallest = block.min() ?? 0
        let scale = Float16(((block.max() ?? 0) - smallest) / 15)
        let minimum = Float16(smallest)
        self.scale = scale
        self.minimum = minimum
        quants = block.map { UInt8(max(0, min(15, (($0 - Float(minimum)) / Float(scale)).rounded()))) }
    }

    var bytes: [UInt8] {
        LittleEndian.bytes(scale.bitPattern) + LittleEndian.bytes(minimum.bitPattern)
            + (0..<16).map { quants[$0] | quants[$0 + 16] << 4 }
    }
    var values: [Float] { quants.map { Float($0) * Float(scale) + Float(minimum) } }
}
