import Tensors
import TestSupport
import Testing

@Suite("Matrix and Activation")
struct MatrixTests {
    @Test("Elements are row-major")
    func rows() {
        let matrix = Matrix(columns: 3, elements: [1, 2, 3, 4, 5, 6])
        #expect(matrix.rows == 2)
        #expect(matrix.row(0) == [1, 2, 3])
        #expect(matrix.row(1) == [4, 5, 6])
    }

    @Test(
        "A stored matrix is decoded row by row, each in its own place",
        arguments: [(1, 1), (1, 70_000), (3, 70_000), (1000, 257), (65_537, 1)])
    func stored(rows: Int, columns: Int) throws {
        let elements = (0..<rows * columns).map(Float.init)
        let matrix = try Matrix(StoredMatrix(rows: rows, elements: elements))
        #expect((0..<rows).flatMap(matrix.row) == elements)
    }

    @Test("A failure to fill comes out of the initialiser")
    func failingFill() {
        struct Failure: Error, Equatable {}
        #expect(throws: Failure()) {
            _ = try Matrix(rows: 1, columns: 1) { _ throws(Failure) in throw Failure() }
        }
    }

    @Test("An activation begins as zeros, and may have no rows")
    func zeros() {
        #expect(Activation(rowCapacity: 2, columns: 3).row(1) == [0, 0, 0])
        #expect(Activation(rowCapacity: 0, columns: 3).rowCapacity == 0)
    }

    @Test("Rows are copied, added and summed where asked and nowhere else")
    func rowOperations() {
        let activation = Activation(elements: [[1, 2], [3, 4], [5, 6], [7, 8]])
        let other = Activation(elements: [[10, 20], [30, 40]])
        activation.addToEachRow(Matrix(columns: 2, elements: [100, 200]), rows: 3, on: Workers(count: 1))
        #expect(activation.allRows == [[101, 202], [103, 204], [105, 206], [7, 8]])
        activation.copyRows(2, from: other, row: 0, count: 2)
        #expect(activation.allRows == [[101, 202], [103, 204], [10, 20], [30, 40]])
        activation.copyRow(0, from: Matrix(columns: 2, elements: [1, 2, 3, 4]), row: 1)
        #expect(activation.row(0) == [3, 4])
        var sums = [0.5, 0.25]
        activation.accumulateRow(3, into: &sums)
        #expect(sums == [30.5, 40.25])
    }
}
