import JSON
import SystemPackage

extension CheckpointError: CustomStringConvertible {
    /// One line that names the file, the place in it, and what was found beside what was expected.
    package var description: String {
        // Names and keys are the file's own: none may break the line.
        message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private var message: String {
        switch self {
        case .io(let path, let operation, let errno):
            "\(path): cannot \(operation): \(Errno(rawValue: errno))"
        case .notRegularFile(let path, let kind):
            "\(path): expected a regular file, found a \(kind)"
        case .emptyFile(let path):
            "\(path): the file is empty"
        case .changedWhileRead(let path, let opened, let found):
            "\(path): the file has changed while it was read: it had \(opened); now it has \(found)"
        case .fileTooLarge(let path, let found, let limit):
            "\(path): the file has \(found) bytes, the limit is \(limit)"
        case .digestUnavailable:
            "the cryptographic library offers no SHA-256"
        case .notACheckpoint(let path):
            "\(path): expected a .gguf file or a directory, found a file of another name"
        case .noModel(let directory):
            "\(directory): expected config.json or one .gguf file, found neither"
        case .severalModels(let directory, let files):
            "\(directory): expected one .gguf file, found \(files.count): \(files.joined(separator: ", "))"

        case .invalidShardName(let index, let tensor, let found):
            "\(index): tensor \(tensor): expected the name of a file in the same directory, found "
                + "\(String(found.prefix(60)).debugDescription)"
        case .tensorInSeveralFiles(let tensor, let first, let second):
            "\(second): tensor \(tensor) is in \(first) too"
        case .tensorNotInIndex(let file, let tensor, let index):
            "\(file): tensor \(tensor) is not listed in \(index) for this file"

        case .wrongMagic(let file, let expected, let found):
            "\(file): expected the magic number \(Self.hexadecimal(expected)), found \(Self.hexadecimal(found))"
        case .unsupportedVersion(let file, let found, let supported):
            "\(file): version \(found) is not supported, only \(supported.lowerBound) to \(supported.upperBound)"
        case .bigEndian(let file, let version):
            "\(file): expected a little-endian file, found a big-endian one (version \(version))"
        case .truncated(let file, let place, let needed, let available):
            "\(file): \(place) needs \(needed) bytes, but \(available) are left in the file"
        case .headerTooLong(let file, let found, let limit):
            "\(file): the header is \(found) bytes long, the limit is \(limit)"
        case .tooMany(let file, let place, let found, let limit):
            "\(file): \(place) is \(found), the limit is \(limit)"
        case .invalidUTF8(let file, let place):
            "\(file): \(place) is not valid UTF-8"
        case .invalidNameLength(let file, let place, let found, let limit):
            "\(file): \(place) is \(found) bytes long, expected 1 to \(limit)"
        case .unknownValueType(let file, let key, let found):
            "\(file): \(key): unknown value type \(found), expected 0 to 12"
        case .invalidBoolean(let file, let key, let found):
            "\(file): \(key): expected a boolean 0 or 1, found \(found)"
        case .nestedTooDeeply(let file, let place, let limit):
            "\(file): \(place) is nested more than \(limit) levels deep"
        case .invalidAlignment(let file, let found):
            "\(file): general.alignment: expected a positive multiple of 8, found \(found)"

        case .missingTensor(let file, let tensor):
            "\(file): there is no tensor \(tensor)"
        case .duplicateTensor(let file, let tensor):
            "\(file): tensor \(tensor) is described twice"
        case .invalidDimensionCount(let file, let tensor, let found, let limit):
            "\(file): tensor \(tensor) has \(found) dimensions, expected 1 to \(limit)"
        case .shapeOverflow(let file, let tensor, let shape):
            "\(file): tensor \(tensor) of shape \(shape) is larger than any file"
        case .unsupportedTensorFormat(let file, let tensor, let format):
            "\(file): tensor \(tensor): the number format \(format) is not supported"
        case .partialBlock(let file, let tensor, let format, let rowLength):
            "\(file): tensor \(tensor) has rows of \(rowLength) elements,"
                + " not a multiple of the \(format.elementsPerBlock) of a \(format.name) block"
        case .misalignedTensor(let file, let tensor, let offset, let alignment):
            "\(file): tensor \(tensor) begins at offset \(offset), not a multiple of \(alignment)"
        case .tensorOutOfBounds(let file, let tensor, let offset, let byteCount, let available):
            "\(file): tensor \(tensor) needs \(byteCount) bytes at offset \(offset) of \(available) bytes of tensor data"
        case .tensorSizeMismatch(let file, let tensor, let expected, let found):
            "\(file): tensor \(tensor): expected \(expected) bytes for its shape, found \(found)"
        case .overlappingTensors(let file, let first, let second):
            "\(file): the tensors \(first) and \(second) share bytes"
        case .unindexedBytes(let file, let range):
            "\(file): bytes \(range.lowerBound) to \(range.upperBound) belong to no tensor"
        case .numberNotStorable(let file, let tensor, let index, let found, let format):
            "\(file): tensor \(tensor): number \(index) is \(found), which is not finite as \(format.name)"

        case .json(let file, let error):
            "\(file): \(error)"
        case .duplicateKey(let file, let key):
            "\(file): key \(key) occurs twice"
        case .missingKey(let file, let key):
            "\(file): key \(key) is missing"
        case .wrongType(let file, let key, let expected, let found):
            "\(file): \(key): expected \(expected), found \(found)"
        case .unknownKey(let file, let key, let allowed):
            "\(file): unknown key \(key), expected one of \(allowed.joined(separator: ", "))"

        case .digestMismatch(let path, let expected, let found):
            "\(path): grace.json lists a file of SHA-256 \(expected), found \(found)"
        case .unlistedFile(let manifest, let fileName):
            "\(manifest): files: \(fileName) belongs to the checkpoint and is not listed"
        case .listedFileMissing(let manifest, let fileName):
            "\(manifest): files: \(fileName) is listed and not one of the checkpoint's files"
        case .baseMismatch(let manifest, let base, let expected, let found):
            "\(manifest): base: expected files of digest \(expected), found \(base) with \(found)"
        case .unknownBase(let adapter):
            "\(adapter): expected the base's name in base_model_name_or_path or in grace.json, found none"
        case .baseWithoutAdapter(let manifest, let base):
            "\(manifest): base: names \(base), but there is no adapter_config.json beside it"

        case .unsupportedSetting(let file, let key, let found, let supported):
            "\(file): \(key) is \(found), supported is \(supported)"
        case .unknownAdapterTensor(let file, let tensor):
            "\(file): tensor \(tensor) is not of a LoRA adapter of linear layers,"
                + " expected base_model.model.<layer>.lora_A.weight or .lora_B.weight"
        case .untargetedModule(let file, let tensor, let targets):
            "\(file): tensor \(tensor) is of no layer that target_modules asks for: \(targets.joined(separator: ", "))"
        case .unusedTarget(let file, let target, let tensorsFile):
            "\(file): target_modules names \(target), but \(tensorsFile) has no tensor of such a layer"
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
