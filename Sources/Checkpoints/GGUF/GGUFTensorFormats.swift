/// The numbers that stand for tensor formats in GGUF files (`ggml_type`).
enum GGUFTensorFormats {
    /// The format of this code, or nil if it is not supported.
    static func format(ofCode code: UInt32) -> TensorFormat? {
        switch code {
        case 0: .float32
        case 1: .float16
        case 2: .q4_0
        case 3: .q4_1
        case 6: .q5_0
        case 7: .q5_1
        case 8: .q8_0
        case 10: .q2_K
        case 11: .q3_K
        case 12: .q4_K
        case 13: .q5_K
        case 14: .q6_K
        case 20: .iq4_NL
        case 23: .iq4_XS
        case 30: .bfloat16
        default: nil
        }
    }

    /// Name and code of a format that is not supported, as in `IQ2_XS (17)`.
    static func name(ofCode code: UInt32) -> String {
        "\(unsupportedNames[code] ?? "unknown") (\(code))"
    }

    private static let unsupportedNames: [UInt32: String] = [
        4: "Q4_2", 5: "Q4_3", 9: "Q8_1",
        15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
        24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
        31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4",
        37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
    ]
}
