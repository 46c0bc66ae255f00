import Checkpoints
import Gzip
import SystemPackage

extension DatasetError: CustomStringConvertible {
    /// One line that names the file, the place in it, and what was found beside what was expected.
    package var description: String {
        // Names and keys are the file's own: none may break the line.
        message.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private var message: String {
        switch self {
        case .io(let path, let operation, let errno):
            "\(path): cannot \(operation): \(Errno(rawValue: errno))"
        case .file(let error):
            "\(error)"
        case .notReplaceable(let path):
            "\(path): expected a regular file or none, to be replaced"
        case .outputIsInput(let path):
            "\(path): the output is one of the inputs"
        case .gzip(let path, let error):
            "\(path): \(error)"
        case .unknownFormat(let path, let line, let reason):
            "\(path):\(line): which format it has cannot be told (\(reason)); --format says it"
        case .mixedKinds(let path, let kind, let firstPath, let firstKind):
            "\(path): expected \(firstKind.rawValue) as in \(firstPath), found \(kind.rawValue)"
        case .refusedLine(let path, let line, let refusal):
            "\(path):\(line): \(refusal)"
        case .nothingToMineFor(let path):
            "\(path): negatives are mined for pairs of query and positive, found texts"
        case .miningTooLarge(let byteCount, let limit):
            "the positives to mine negatives from take more than \(byteCount) bytes of memory, the limit is \(limit)"
        case .nothingToTrainOn(let exampleCount, let heldOutCount):
            "there is nothing to train on: of \(exampleCount) examples \(heldOutCount) are held out"
        case .notPrepared(let path, let found):
            "\(path):1: expected the header of prepared data, found \(found)"
        case .unsupportedVersion(let path, let found, let supported):
            "\(path):1: expected version \(supported) of the format, found \(found)"
        case .headerTooLong(let path, let limit):
            "\(path):1: the header has more than \(limit) bytes"
        case .damagedLine(let path, let line, let reason):
            "\(path):\(line): the line is damaged: \(reason)"
        case .damagedExample(let path, let split, let index, let reason):
            "\(path): example \(index) of split \(split.rawValue) has been damaged: \(reason)"
        case .wrongSize(let path, let line, let expected, let found):
            "\(path):\(line): expected \(expected) bytes after the header, found \(found), which end in this line"
        case .wrongCount(let path, let key, let expected, let found):
            "\(path):1: \(key) is \(expected), the lines come to \(found)"
        case .digestMismatch(let path, let expected, let found):
            "\(path): expected SHA-256 \(expected) of what follows the header, found \(found)"
        case .tooLarge(let path, let found, let limit):
            "\(path): the file has \(found) bytes, the limit is \(limit)"
        }
    }
}
