import CKernels

extension Weight {
    /// Its numbers, outputs times inputs.
    package var elementCount: Int {
        switch self {
        case .float32(let matrix): matrix.rows * matrix.columns
        case .bfloat16(let packed): packed.rows * packed.columns
        }
    }

    /// What it takes in memory, and a product reads of it.
    package var byteCount: Int {
        switch self {
        case .float32: elementCount * MemoryLayout<Float>.size
        case .bfloat16(let packed):
            grace_bf16_packed_count(packed.rows, packed.columns) * MemoryLayout<UInt16>.size
        }
    }
}
