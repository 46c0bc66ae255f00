/// How the numbers of a tensor are stored.
///
/// The block formats are ggml's: a block is a run of elements in one row with a shared scale.
package enum TensorFormat: Sendable, Equatable, CaseIterable {
    case float32
    case float16
    case bfloat16
    // The names are ggml's own: bits per element, then the variant.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q4_0, q4_1, q5_0, q5_1, q8_0
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case q2_K, q3_K, q4_K, q5_K, q6_K
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case iq4_NL, iq4_XS

    /// How many neighbouring elements of a row are stored as one unit.
    package var elementsPerBlock: Int {
        switch self {
        case .float32, .float16, .bfloat16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL: 32
        case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_XS: 256
        }
    }

    /// The size of such a unit, in bytes.
    ///
    /// A block of 32 holds a float16 scale, for the `_1` variants a float16 minimum, for 5 bits a 32-bit word of high
    /// bits, and the low 4 bits, or all 8, of each element. One of 256 has groups of 16 or 32 elements, with scales (and
    /// minimums) of 4, 6 or 8 bits under a float16 scale (and another for the minimums) of the whole.
    package var bytesPerBlock: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .q4_0: 2 + 16
        case .q4_1: 2 + 2 + 16
        case .q5_0: 2 + 4 + 16
        case .q5_1: 2 + 2 + 4 + 16
        case .q8_0: 2 + 32
        case .q2_K: 16 + 64 + 2 + 2
        case .q3_K: 32 + 64 + 12 + 2
        case .q4_K: 2 + 2 + 12 + 128
        case .q5_K: 2 + 2 + 12 + 32 + 128
        case .q6_K: 128 + 64 + 16 + 2
        case .iq4_NL: 2 + 16
        case .iq4_XS: 2 + 2 + 4 + 128
        }
    }

    /// The name that ggml and safetensors give the format.
    package var name: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .q4_0: "Q4_0"
        case .q4_1: "Q4_1"
        case .q5_0: "Q5_0"
        case .q5_1: "Q5_1"
        case .q8_0: "Q8_0"
        case .q2_K: "Q2_K"
        case .q3_K: "Q3_K"
        case .q4_K: "Q4_K"
        case .q5_K: "Q5_K"
        case .q6_K: "Q6_K"
        case .iq4_NL: "IQ4_NL"
        case .iq4_XS: "IQ4_XS"
        }
    }

    /// The size in bytes of a tensor of this shape, or nil if no `Int` holds it.
    ///
    /// - Precondition: the innermost dimension is a multiple of `elementsPerBlock`, and none is negative.
    func byteCount(shape: [Int]) -> Int? {
        var elementCount = 1
        for dimension in shape {
            let (product, overflow) = elementCount.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            elementCount = product
        }
        let (byteCount, overflow) = (elementCount / elementsPerBlock).multipliedReportingOverflow(by: bytesPerBlock)
        return overflow ? nil : byteCount
    }
}
