import SystemPackage

/// A model in one file of the GGUF format, versions 2 and 3, little-endian (ggml `docs/gguf.md`).
///
/// Version 3 differs from 2 only in that it allows big-endian files, which are refused. Deliberately stricter than the
/// format: tensors may not share bytes.
package struct GGUFFile: Sendable {
    /// The metadata, by key.
    package let metadata: [String: GGUFValue]
    /// The tensors, under the names that llama.cpp gives them.
    package let tensors: TensorFile

    private static let magic = [UInt8]("GGUF".utf8)
    private static let versions: ClosedRange<UInt32> = 2...3
    private static let defaultAlignment = 32

    /// Opens the file and reads its metadata and tensor entries; the tensors' bytes are not touched.
    ///
    /// - Throws: what `RegularFile.init(path:)` throws, and what is wrong with the first field that is.
    package init(path: FilePath) throws(CheckpointError) {
        let file = try RegularFile(path: path)
        var reader = GGUFReader(file: file)

        let magic = try reader.bytes(UInt64(min(file.byteCount, Self.magic.count)), "the magic number")
        guard magic.elementsEqual(Self.magic) else {
            throw .wrongMagic(file: path.string, expected: Self.magic, found: [UInt8](magic))
        }
        let version = try reader.integer(UInt32.self, "the version")
        // No big-endian file says so; its small version number, read in the other order, is a very large one.
        guard !(1...3).contains(version.byteSwapped) else {
            throw .bigEndian(file: path.string, version: version.byteSwapped)
        }
        guard Self.versions.contains(version) else {
            throw .unsupportedVersion(file: path.string, found: version, supported: Self.versions)
        }

        let tensorCount = try reader.count(
            minimumByteCount: GGUFReader.minimumTensorInfoByteCount, limit: GGUFReader.entryLimit,
            "the number of tensors")
        let metadataCount = try reader.count(
            minimumByteCount: GGUFReader.minimumKeyValueByteCount, limit: GGUFReader.entryLimit,
            "the number of metadata values")
        metadata = try reader.metadata(count: metadataCount)

        let alignment = try Self.alignment(metadata["general.alignment"], file: path.string)
        tensors = try TensorFile(
            file: file, tensors: try reader.tensors(count: tensorCount, alignment: alignment))
    }

    private static func alignment(_ value: GGUFValue?, file: String) throws(CheckpointError) -> Int {
        guard let value else { return defaultAlignment }
        guard case .uint32(let alignment) = value else {
            throw .wrongType(file: file, key: "general.alignment", expected: "uint32", found: value.summary)
        }
        guard alignment > 0, alignment.isMultiple(of: 8) else {
            throw .invalidAlignment(file: file, found: Int(alignment))
        }
        return Int(alignment)
    }
}
