import BulkEmbedding
import Grace
import Testing

@Suite("The header of a NumPy file")
struct NumPyHeaderTests {
    @Test("It is what NumPy's format says, byte for byte")
    func literal() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 576), }"
        let expected =
            [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
            + [UInt8](repeating: 0x20, count: 117 - text.utf8.count) + [0x0A]
        #expect(NumPyHeader.bytes(rowCount: 3, channelCount: 576) == expected)
    }

    @Test("It has the same size whatever it counts, a multiple of 64", arguments: [(0, 1), (1, 64), (Int.max, 65536)])
    func size(rowCount: Int, channelCount: Int) {
        let header = NumPyHeader.bytes(rowCount: rowCount, channelCount: channelCount)
        #expect(header.count == NumPyHeader.byteCount)
        #expect(header.count % 64 == 0)
        #expect(header.last == 0x0A)
    }

    @Test("Numbers are little-endian")
    func numbers() {
        #expect(littleEndian([1, -2, .infinity]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0x80, 0x7F])
    }
}
