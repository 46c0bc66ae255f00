import TensorGradients
import Tensors

/// What training changes: a weight and its gradient.
package final class Parameter {
    /// A tensor of a checkpoint that some rows of the parameter are.
    package struct Tensor: Sendable, Equatable {
        /// As the checkpoint names it.
        package let name: String
        /// Rows of the parameter.
        package let rows: Range<Int>
        /// Whether the file has it as a vector.
        package let isVector: Bool
    }

    /// The tensors that it is, one below the other: most parameters are one.
    package let tensors: [Tensor]
    /// `[rows, columns]`
    package let value: TrainableMatrix
    /// Of the value's shape; what was not cleared adds up.
    package let gradient: TrainableMatrix

    /// A parameter without a gradient yet.
    package init(_ value: TrainableMatrix, tensors: [Tensor]) {
        precondition(tensors.last?.rows.upperBound == value.matrix.rows, "tensors of other rows")
        self.tensors = tensors
        self.value = value
        gradient = TrainableMatrix(rows: value.matrix.rows, columns: value.matrix.columns)
    }

    /// A parameter that is one tensor.
    package convenience init(_ value: TrainableMatrix, name: String, isVector: Bool) {
        self.init(value, tensors: [Tensor(name: name, rows: 0..<value.matrix.rows, isVector: isVector)])
    }
}
