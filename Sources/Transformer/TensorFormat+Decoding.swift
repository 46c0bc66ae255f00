import Checkpoints
import Tensors

extension TensorFormat {
    /// The blocks that int4 takes as they are, or nearly so.
    var fourBitBlocks: FourBitBlocks? {
        switch self {
        case .q4_0: .q4_0
        case .q4_1: .q4_1
        case .q4_K: .q4_K
        default: nil
        }
    }

    /// Decodes whole blocks into as many elements as they hold.
    func decode(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .float32: NumberFormats.decodeFloat32(source, into: output)
        case .float16: NumberFormats.decodeFloat16(source, into: output)
        case .bfloat16: NumberFormats.decodeBFloat16(source, into: output)
        case .q4_0: NumberFormats.decodeQ4_0(source, into: output)
        case .q4_1: NumberFormats.decodeQ4_1(source, into: output)
        case .q5_0: NumberFormats.decodeQ5_0(source, into: output)
        case .q5_1: NumberFormats.decodeQ5_1(source, into: output)
        case .q8_0: NumberFormats.decodeQ8_0(source, into: output)
        case .q2_K: NumberFormats.decodeQ2_K(source, into: output)
        case .q3_K: NumberFormats.decodeQ3_K(source, into: output)
        case .q4_K: NumberFormats.decodeQ4_K(source, into: output)
        case .q5_K: NumberFormats.decodeQ5_K(source, into: output)
        case .q6_K: NumberFormats.decodeQ6_K(source, into: output)
        case .iq4_NL: NumberFormats.decodeIQ4_NL(source, into: output)
        case .iq4_XS: NumberFormats.decodeIQ4_XS(source, into: output)
        }
    }

    /// The `count` elements that whole blocks hold.
    package func decode(_ bytes: [UInt8], count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { output, initializedCount in
            output.initialize(repeating: 0)
            bytes.withUnsafeBytes { decode($0, into: UnsafeMutableBufferPointer(rebasing: output[..<count])) }
            initializedCount = count
        }
    }
}
