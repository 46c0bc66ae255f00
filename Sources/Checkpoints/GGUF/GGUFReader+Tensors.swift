extension GGUFReader {
    private static let tensorNameLengthLimit = 64
    private static let dimensionLimit = 4
    /// A name of one character, the number of dimensions, one dimension, the format and the offset.
    static let minimumTensorInfoByteCount = 8 + 1 + 4 + 8 + 4 + 8

    /// A tensor as its entry in the file says: the offset counts from the start of the tensor data.
    private struct TensorInfo {
        let name: String
        let format: TensorFormat
        let shape: [Int]
        let offset: UInt64
        let byteCount: Int
    }

    /// `count` tensor entries, and the place of each tensor's numbers behind them.
    ///
    /// - Throws: what is wrong with the first tensor that is.
    mutating func tensors(count: Int, alignment: Int) throws(CheckpointError) -> [TensorDescription] {
        var infos: [TensorInfo] = []
        for index in 0..<count {
            infos.append(try tensorInfo(index: index))
        }
        // The tensor data begins at the next multiple of the alignment behind the last entry.
        let dataStart = (offset + alignment - 1) / alignment * alignment
        let available = max(0, file.byteCount - dataStart)

        var tensors: [TensorDescription] = []
        for info in infos {
            guard info.offset.isMultiple(of: UInt64(alignment)) else {
                throw .misalignedTensor(file: file.name, tensor: info.name, offset: info.offset, alignment: alignment)
            }
            guard info.byteCount <= available, info.offset <= UInt64(available - info.byteCount) else {
                throw .tensorOutOfBounds(
                    file: file.name, tensor: info.name, offset: info.offset, byteCount: info.byteCount,
                    available: available)
            }
            // A tensor without elements may stand behind the end of a file that holds no tensor data.
            let start = min(dataStart + Int(info.offset), file.byteCount)
            tensors.append(
                TensorDescription(
                    name: info.name, format: info.format, shape: info.shape, file: file,
                    byteRange: start..<start + info.byteCount))
        }
        return tensors
    }

    private mutating func tensorInfo(index: Int) throws(CheckpointError) -> TensorInfo {
        let tensor = try name(limit: Self.tensorNameLengthLimit, "the name of tensor \(index)")
        let dimensionCount = try integer(UInt32.self, "the number of dimensions of \(tensor)")
        guard dimensionCount >= 1, dimensionCount <= Self.dimensionLimit else {
            throw .invalidDimensionCount(
                file: file.name, tensor: tensor, found: dimensionCount, limit: Self.dimensionLimit)
        }
        // The file has the innermost dimension first.
        let dimensions =
            try integers(UInt64.self, count: Int(dimensionCount), "the shape of \(tensor)")
            .reversed() as [UInt64]
        let formatCode = try integer(UInt32.self, "the format of \(tensor)")
        let offset = try integer(UInt64.self, "the offset of \(tensor)")

        guard let format = GGUFTensorFormats.format(ofCode: formatCode) else {
            throw .unsupportedTensorFormat(
                file: file.name, tensor: tensor, format: GGUFTensorFormats.name(ofCode: formatCode))
        }
        let shape = dimensions.compactMap { Int(exactly: $0) }
        guard shape.count == dimensions.count, let rowLength = shape.last else {
            throw .shapeOverflow(file: file.name, tensor: tensor, shape: dimensions)
        }
        guard rowLength.isMultiple(of: format.elementsPerBlock) else {
            throw .partialBlock(file: file.name, tensor: tensor, format: format, rowLength: rowLength)
        }
        guard let byteCount = format.byteCount(shape: shape) else {
            throw .shapeOverflow(file: file.name, tensor: tensor, shape: dimensions)
        }
        return TensorInfo(name: tensor, format: format, shape: shape, offset: offset, byteCount: byteCount)
    }
}
