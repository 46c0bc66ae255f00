import JSON

/// Everything that can be wrong with a checkpoint's files.
///
/// `file` and `path` are paths as the caller gave them; `place` says where in the file, in words.
package enum CheckpointError: Error, Equatable, Sendable {
    // MARK: Files

    /// A system call failed.
    case io(path: String, operation: String, errno: Int32)
    /// A directory, FIFO, device or socket stands where a regular file should.
    case notRegularFile(path: String, kind: String)
    /// The file has no bytes.
    case emptyFile(path: String)
    /// A file that somebody has written to, truncated or replaced since it was opened; sizes and times, in words.
    case changedWhileRead(path: String, opened: String, found: String)
    /// A file that is larger than any of its kind.
    case fileTooLarge(path: String, found: Int, limit: Int)
    /// The cryptographic library gave no SHA-256.
    case digestUnavailable
    /// A file that is neither named `.gguf` nor a directory.
    case notACheckpoint(path: String)
    /// A directory with neither `config.json` nor a `.gguf` file.
    case noModel(directory: String)
    /// A directory without `config.json` and with more than one `.gguf` file.
    case severalModels(directory: String, files: [String])

    // MARK: Weights in several files

    /// A shard whose name leads out of the index's directory, or is none.
    case invalidShardName(index: String, tensor: String, found: String)
    /// Two files that hold a tensor of one name.
    case tensorInSeveralFiles(tensor: String, first: String, second: String)
    /// A tensor of a shard that the index does not list there.
    case tensorNotInIndex(file: String, tensor: String, index: String)

    // MARK: Binary containers

    /// The file does not begin with the format's magic number.
    case wrongMagic(file: String, expected: [UInt8], found: [UInt8])
    /// A version of the format that is not read.
    case unsupportedVersion(file: String, found: UInt32, supported: ClosedRange<UInt32>)
    /// The integers are stored big-endian; `version` is the version, read so.
    case bigEndian(file: String, version: UInt32)
    /// Something needs more bytes than are left.
    case truncated(file: String, place: String, needed: UInt64, available: Int)
    /// A header's declared length exceeds what the format allows.
    case headerTooLong(file: String, found: UInt64, limit: Int)
    /// More of something than any model has.
    case tooMany(file: String, place: String, found: UInt64, limit: Int)
    /// A text that is not UTF-8.
    case invalidUTF8(file: String, place: String)
    /// A key or name whose length in bytes is 0 or over the limit.
    case invalidNameLength(file: String, place: String, found: UInt64, limit: Int)
    /// A metadata value type outside the format's table.
    case unknownValueType(file: String, key: String, found: UInt32)
    /// A boolean byte other than 0 and 1.
    case invalidBoolean(file: String, key: String, found: UInt8)
    /// Arrays or objects nested beyond the limit.
    case nestedTooDeeply(file: String, place: String, limit: Int)
    /// An alignment that is 0 or no multiple of 8.
    case invalidAlignment(file: String, found: Int)

    // MARK: Tensors

    /// No tensor of this name.
    case missingTensor(file: String, tensor: String)
    /// Two tensors of one name.
    case duplicateTensor(file: String, tensor: String)
    /// A tensor with no dimensions, or more than the format has.
    case invalidDimensionCount(file: String, tensor: String, found: UInt32, limit: Int)
    /// A dimension, or the size of the whole, that no `Int` holds.
    case shapeOverflow(file: String, tensor: String, shape: [UInt64])
    /// A number format that is not read.
    case unsupportedTensorFormat(file: String, tensor: String, format: String)
    /// Rows that do not divide into the format's blocks.
    case partialBlock(file: String, tensor: String, format: TensorFormat, rowLength: Int)
    /// Data that does not begin at a multiple of the alignment.
    case misalignedTensor(file: String, tensor: String, offset: UInt64, alignment: Int)
    /// Data that ends beyond the file: `offset` and `available` count from the start of the tensor data.
    case tensorOutOfBounds(file: String, tensor: String, offset: UInt64, byteCount: Int, available: Int)
    /// A byte range that is not as long as shape and format make it.
    case tensorSizeMismatch(file: String, tensor: String, expected: Int, found: Int)
    /// Two tensors that share bytes.
    case overlappingTensors(file: String, first: String, second: String)
    /// Bytes of the tensor data that belong to no tensor.
    case unindexedBytes(file: String, range: Range<Int>)

    /// A number that is not finite, or not in the format that it is to be written in; its index is that among all of the tensor.
    case numberNotStorable(file: String, tensor: String, index: Int, found: Float, format: TensorFormat)

    // MARK: Keyed values

    /// Text that is not JSON (RFC 8259).
    case json(file: String, JSONError)
    /// A key that occurs twice in one object.
    case duplicateKey(file: String, key: String)
    /// A key that is needed and not there.
    case missingKey(file: String, key: String)
    /// A value of another type, or out of the range of the type.
    case wrongType(file: String, key: String, expected: String, found: String)
    /// A key that means nothing, where nothing is to be overlooked.
    case unknownKey(file: String, key: String, allowed: [String])

    // MARK: GRACE checkpoints

    /// A file that is not the one that `grace.json` lists.
    case digestMismatch(path: String, expected: String, found: String)
    /// A file that defines the checkpoint, and that `grace.json` does not list.
    case unlistedFile(manifest: String, fileName: String)
    /// A file that `grace.json` lists, and that is not one of the checkpoint's.
    case listedFileMissing(manifest: String, fileName: String)
    /// An adapter's base that is not the one that it was trained on.
    case baseMismatch(manifest: String, base: String, expected: String, found: String)
    /// An adapter that does not say what it stands on.
    case unknownBase(adapter: String)
    /// `grace.json` names a base, and there is no adapter to stand on it.
    case baseWithoutAdapter(manifest: String, base: String)

    // MARK: Adapters

    /// A setting whose value changes the computation in a way that is not implemented.
    case unsupportedSetting(file: String, key: String, found: String, supported: String)
    /// A tensor that is neither factor of a linear layer's update.
    case unknownAdapterTensor(file: String, tensor: String)
    /// A tensor of a linear layer that `target_modules` does not name, or `exclude_modules` does.
    case untargetedModule(file: String, tensor: String, targets: [String])
    /// A name in `target_modules` that no tensor belongs to.
    case unusedTarget(file: String, target: String, tensorsFile: String)
}
