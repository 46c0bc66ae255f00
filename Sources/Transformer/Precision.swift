import Checkpoints
import Tensors

/// The number format that the products with a model's weights are computed in.
package enum Precision: String, Sendable, CaseIterable {
    /// OpenBLAS.
    case float32
    /// Half of float32's memory. In this and the formats below a vector's bits do not depend on what else is computed.
    case bfloat16
    /// A quarter of float32's memory.
    case int8
    /// About a sixth of float32's memory; weights that the file holds in four bits are taken as they are.
    case int4

    /// What a checkpoint is served in where nobody says: the fastest that keeps vectors close to float32's. Weights that were
    /// made in four bits lose nothing by int4; others lose more by it than by int8.
    package static func automatic(for checkpoint: Checkpoint, kernels: Kernels = .chosen) -> Precision {
        // Compiled for no instruction set, products of few bits are slower than OpenBLAS.
        guard kernels != .portable else { return .float32 }
        let elements = checkpoint.tensors.tensors.values.reduce(into: (all: 0, fourBit: 0)) { count, tensor in
            guard tensor.shape.count == 2 else { return }
            count.all += tensor.elementCount
            if tensor.format.fourBitBlocks != nil { count.fourBit += tensor.elementCount }
        }
        return elements.fourBit > elements.all / 2 ? .int4 : .int8
    }

    /// How a matrix that the file holds in `stored` is packed; nil where OpenBLAS takes it.
    ///
    /// Whoever made a checkpoint of four bits kept more of them where they count, as for the embedding: these become 8. So do
    /// blocks of fewer bits and others that int4's groups cannot take as they are: it would lose more of them.
    func packedFormat(of stored: TensorFormat) -> PackedFormat? {
        switch (self, stored) {
        case (.float32, _): nil
        case (.bfloat16, _): .bfloat16
        case (.int8, _): .int8
        case (.int4, .float32), (.int4, .float16), (.int4, .bfloat16): .int4
        case (.int4, _): stored.fourBitBlocks == nil ? .int8 : .int4
        }
    }
}
