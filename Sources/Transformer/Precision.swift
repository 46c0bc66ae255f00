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

    /// What the server uses where nobody says: the fastest that keeps vectors close to float32's.
    package static let `default`: Precision = isFast(Kernels.chosen) ? .int8 : .float32

    /// Whether products of 8 bits have kernels of their own: compiled for no instruction set they are slower than OpenBLAS.
    private static func isFast(_ kernels: Kernels) -> Bool { kernels != .portable }

    /// How a matrix that the file holds in `stored` is packed; nil where OpenBLAS takes it.
    ///
    /// Whoever made a checkpoint of four bits kept more of them where they count, as for the embedding: these stay 8.
    func packedFormat(of stored: TensorFormat) -> PackedFormat? {
        switch (self, stored) {
        case (.float32, _): nil
        case (.bfloat16, _): .bfloat16
        case (.int8, _), (.int4, .q5_0), (.int4, .q5_1), (.int4, .q8_0): .int8
        case (.int4, _): .int4
        }
    }
}
