import Grace
import HTTP
import JSON

/// Why there is no score.
package enum EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or directory cannot be read.
    case unreadable(path: String, reason: String)
    /// A file cannot be written.
    case unwritable(path: String, reason: String)
    /// A file is larger than its reader takes, in bytes.
    case tooLarge(path: String, limit: Int)
    /// A line of a task, or the document of results (line 1), is not JSON.
    case json(file: String, line: Int, JSONError)
    /// A line lacks a key.
    case missingKey(file: String, line: Int, key: String)
    /// A key has a value of another type, or one that is not allowed.
    case wrongType(file: String, line: Int, key: String, expected: String, found: String)
    /// The first line has the keys of no kind of task.
    case unknownKind(file: String, line: Int, keys: [String])
    /// A judgement names a query or a document that is not there.
    case unknownReference(file: String, line: Int, key: String, id: String)
    /// A name or a judgement occurs twice.
    case duplicate(file: String, line: Int, what: String, id: String)
    /// There is less than a score needs.
    case tooFew(file: String, what: String, found: Int, needed: Int)
    /// Two tasks of one name: their results could not be told apart.
    case sameName(String, first: String, second: String)
    /// An option has a value that is not allowed.
    case option(String, found: String, allowed: String)
    /// The model cannot be loaded.
    case model(GraceError)
    /// A text cannot be embedded.
    case text(String, GraceError)
    /// The server gave no answer.
    case connection(HTTPClientError)
    /// The server refused.
    case refused(address: String, status: Int, message: String)
    /// What the server answered is not what its interface says.
    case answer(address: String, reason: String)
    /// A vector holds a number that is not finite, or none.
    case unusableVector(text: String)
    /// A vector of another length than those before it.
    case vectorLength(text: String, found: Int, expected: Int)
    /// A file of results is of another format or version.
    case format(file: String, expected: String, found: String)
    /// Two results have nothing in common that could be compared.
    case nothingInCommon(first: String, second: String)
    /// Two results of a task are of different rows, or scored by different metrics.
    case incomparable(task: String, what: String, first: String, second: String)
    /// Two models do not read the same tokens.
    case differentTokens(base: String, checkpoint: String, what: String)
    /// The model computed a probability that is not a number.
    case notFinite(what: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .tooLarge(let path, let limit): "\(path) is larger than the \(limit) bytes that are read"
        case .json(let file, let line, let error): "\(file):\(line): \(error)"
        case .missingKey(let file, let line, let key): "\(file):\(line): `\(short(key))` is missing"
        case .wrongType(let file, let line, let key, let expected, let found):
            "\(file):\(line): `\(short(key))` must be \(expected), not \(found)"
        case .unknownKind(let file, let line, let keys):
            "\(file):\(line): the keys \(short(keys.joined(separator: ", "))) are those of no kind of task"
        case .unknownReference(let file, let line, let key, let id):
            "\(file):\(line): `\(key)` is \(short(id).debugDescription), which no row has as its `id`"
        case .duplicate(let file, let line, let what, let id):
            "\(file):\(line): the \(what) \(short(id).debugDescription) occurs twice"
        case .tooFew(let file, let what, let found, let needed):
            "\(file) has \(found) \(what), at least \(needed) are needed"
        case .sameName(let name, let first, let second): "both \(first) and \(second) are tasks of the name \(name)"
        case .option(let option, let found, let allowed): "\(option) is \(found), allowed are \(allowed)"
        case .model(let error): "\(error)"
        case .text(let text, let error): "the text \(short(text).debugDescription): \(error)"
        case .connection(let error): "\(error)"
        case .refused(let address, let status, let message): "\(address) answered \(status): \(short(message))"
        case .answer(let address, let reason): "\(address) answered what \(reason)"
        case .unusableVector(let text):
            "the vector of \(short(text).debugDescription) holds a number that is not finite, or none"
        case .vectorLength(let text, let found, let expected):
            "the vector of \(short(text).debugDescription) has \(found) numbers, those before it \(expected)"
        case .format(let file, let expected, let found): "\(file) must be \(expected), not \(short(found))"
        case .nothingInCommon(let first, let second): "\(first) and \(second) have no task in common"
        case .incomparable(let task, let what, let first, let second):
            "results of \(short(task)) differ in \(what): \(short(first)) and \(short(second))"
        case .differentTokens(let base, let checkpoint, let what):
            "\(base) and \(checkpoint) do not read the same tokens: \(what)"
        case .notFinite(let what): "\(what) is not a finite number"
        }
    }

    /// What comes from outside, in a line.
    private func short(_ text: String) -> String {
        let line = text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }
        return line.joined() + (text.unicodeScalars.count > 200 ? "…" : "")
    }
}
