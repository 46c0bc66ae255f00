/// Why options from the environment or from a file cannot be used. Messages name the place.
package enum ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, limit: Int)
    case notUTF8(path: String)
    /// Not YAML, or more of it than is read.
    case syntax(path: String, FilePosition, reason: String)
    case repeatedKey(path: String, FilePosition, key: String, first: FilePosition)
    case unknownKey(path: String, FilePosition, key: String)
    /// A variable that begins as ours do and is none.
    case unknownVariable(name: String)
    /// A list for an option that has one value.
    case notRepeatable(option: String, SettingSource)
    case notTrueOrFalse(option: String, value: String, SettingSource)
    /// `--config` without a path.
    case missingPath

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot read the configuration: \(reason)"
        case .tooLarge(let path, let limit): "\(path): the configuration is larger than \(limit) bytes"
        case .notUTF8(let path): "\(path): the configuration is not UTF-8"
        case .syntax(let path, let position, let reason): "\(path):\(position): \(reason)"
        case .repeatedKey(let path, let position, let key, let first):
            "\(path):\(position): '\(key)' is there twice, first in line \(first.line)"
        case .unknownKey(let path, let position, let key):
            "\(path):\(position): unknown key '\(key)'; keys are the names of options without dashes, see --help"
        case .unknownVariable(let name):
            "unknown environment variable \(name); variables are GRACE_ and the names of options, see --help"
        case .notRepeatable(let option, let source): "\(source): '\(option)' has one value, not a list"
        case .notTrueOrFalse(let option, let value, let source):
            "\(source): '\(option)' is true or false, not '\(value)'"
        case .missingPath: "--config needs the path of a file"
        }
    }
}

/// A place in a file, counted from 1.
package struct FilePosition: Sendable, Equatable, CustomStringConvertible {
    /// The line.
    package let line: Int
    /// Of its characters, as Unicode scalars.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "\(line):\(column)" }
}

/// Where a setting comes from; what comes later here gives way to what comes before.
package enum SettingSource: Sendable, Equatable, CustomStringConvertible {
    case commandLine
    case environment(variable: String)
    case file(path: String, line: Int)
    case standard

    package var description: String {
        switch self {
        case .commandLine: "command line"
        case .environment(let variable): "environment variable \(variable)"
        case .file(let path, let line): "\(path):\(line)"
        case .standard: "default"
        }
    }
}
