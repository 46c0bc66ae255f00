import JSON

/// Why no report can be made of a run's files. `line` counts from 1.
package enum TrainingReportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A line that is not JSON.
    case json(file: String, line: Int, JSONError)
    /// A line whose value is no object.
    case notAnObject(file: String, line: Int, found: String)
    /// A key that is needed and not there, or of another type.
    case wrongType(file: String, line: Int, key: String, expected: String, found: String)
    /// More lines, or more different keys, than any run has.
    case tooMany(file: String, what: String, limit: Int)

    package var description: String {
        switch self {
        case .json(let file, let line, let error): "\(file):\(line): \(error)"
        case .notAnObject(let file, let line, let found): "\(file):\(line): expected an object, found \(found)"
        case .wrongType(let file, let line, let key, let expected, let found):
            "\(file):\(line): \(key): expected \(expected), found \(found)"
        case .tooMany(let file, let what, let limit): "\(file): more than \(limit) \(what)"
        }
    }
}
