/// The header of a NumPy file of float32 vectors, version 1.0 of the format, `[rows, channels]`.
///
/// It always has the same size, so that the number of rows can be written last. See numpy.lib.format in NumPy's manual.
package enum NumPyHeader {
    /// All of it: a multiple of 64, as the format asks.
    package static let byteCount = 128

    /// The header of so many rows.
    package static func bytes(rowCount: Int, channelCount: Int) -> [UInt8] {
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
        let size = byteCount - magic.count - 2
        let dictionary = Array(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rowCount), \(channelCount)), }".utf8)
        precondition(dictionary.count < size, "\(rowCount) rows of \(channelCount)")
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: size - dictionary.count - 1)
        return magic + [UInt8(size & 0xFF), UInt8(size >> 8)] + dictionary + padding + [UInt8(ascii: "\n")]
    }
}
