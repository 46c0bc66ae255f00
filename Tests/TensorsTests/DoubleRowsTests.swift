import Tensors
import TestSupport
import Testing

@Suite("Rows of double precision")
struct DoubleRowsTests {
    private func rows(_ values: [[Float]], channels: Int) -> DoubleRows {
        var rows = DoubleRows(rowCount: values.count, channels: channels)
        for (row, values) in values.enumerated() { rows.add(values[...], toRow: row) }
        return rows
    }

    @Test(
        "Products of all pairs are those of plain sums, of the first channels alone, whatever the shape",
        arguments: [(1, 1, 1), (3, 4, 8), (4, 9, 7), (5, 3, 17), (0, 3, 5), (2, 0, 5)])
    func products(shape: (first: Int, second: Int, channels: Int)) {
        var generator = SeededGenerator(seed: UInt64(shape.channels))
        let (first, second) = (
            randomRows(shape.first, shape.channels + 2, using: &generator),
            randomRows(shape.second, shape.channels + 2, using: &generator)
        )
        let found = rows(first, channels: shape.channels).products(with: rows(second, channels: shape.channels))
        #expect(found.count == shape.first * shape.second)
        for (place, product) in found.enumerated() {
            let (a, b) = (first[place / shape.second], second[place % shape.second])
            let expected = (0..<shape.channels).reduce(0) { $0 + Double(a[$1]) * Double(b[$1]) }
            #expect(abs(product - expected) <= 1e-14 * Double(shape.channels))
        }
    }

    @Test("A product has the same bits with all instruction sets, and wherever its rows stand")
    func bits() {
        var generator = SeededGenerator(seed: 5)
        let values = randomRows(7, 43, using: &generator)
        let all = rows(values, channels: 43)
        let expected = all.products(with: all, kernels: .portable)
        for kernels in Kernels.available {
            #expect(all.products(with: all, kernels: kernels) == expected, "\(kernels)")
        }
        for a in values.indices {
            for b in values.indices {
                let one = rows([values[a]], channels: 43).products(with: rows([values[b]], channels: 43))
                #expect(one == [expected[7 * a + b]])
            }
        }
    }

    @Test("What is added to a row is summed up, and the total is the sum of all rows")
    func sums() {
        var sums = DoubleRows(rowCount: 3, channels: 2)
        sums.add([1, 2, 9][...], toRow: 0)
        sums.add([10, 20, 9][...], toRow: 0)
        sums.add([100, 200][...], toRow: 2)
        var unit = DoubleRows(rowCount: 2, channels: 2)
        unit.add([1, 0][...], toRow: 0)
        unit.add([0, 1][...], toRow: 1)
        #expect(sums.products(with: unit) == [11, 22, 0, 0, 100, 200])
        #expect(sums.total.products(with: unit) == [111, 222])
    }
}
