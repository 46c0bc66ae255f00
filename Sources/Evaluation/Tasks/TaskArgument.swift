import SystemPackage

/// A task of the command line: `NAME=KIND:FILE`, where name and kind may be left out.
package struct TaskArgument: Sendable, Equatable {
    /// nil takes the file's.
    package let name: String?
    /// nil finds it by the keys of the first line.
    package let kind: TaskKind?
    package let file: FilePath

    /// Reads an argument; nil where the file is missing. What stands before a colon is a kind only where there is one
    /// of the name.
    package init?(_ text: String) {
        var rest = Substring(text)
        // A path may have an equals sign in it, a name has no slash.
        if let equals = rest.firstIndex(of: "="), equals != rest.startIndex, !rest[..<equals].contains("/") {
            name = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
        } else {
            name = nil
        }
        if let colon = rest.firstIndex(of: ":"), let kind = TaskKind(rawValue: String(rest[..<colon])) {
            self.kind = kind
            rest = rest[rest.index(after: colon)...]
        } else {
            kind = nil
        }
        guard !rest.isEmpty else { return nil }
        file = FilePath(String(rest))
    }

    /// Reads the task.
    ///
    /// - Throws: `EvaluationError`, naming file and line.
    package func read() throws(EvaluationError) -> EvaluationTask {
        try TaskFile.read(file, name: name, kind: kind)
    }
}

/// The text of a file.
///
/// - Throws: `EvaluationError.unreadable`, `.tooLarge`, `.tooFew`
package func readText(_ path: FilePath) throws(EvaluationError) -> String {
    let found = try bytes(ofFile: path, limit: TaskFile.sizeLimit)
    guard let text = String(validating: found, as: UTF8.self) else {
        throw .unreadable(path: path.string, reason: "it is not UTF-8")
    }
    return text
}

/// The lines of a file that are not blank.
///
/// - Throws: `EvaluationError.unreadable`, `.tooLarge`, `.tooFew`
package func readLines(_ path: FilePath) throws(EvaluationError) -> [String] {
    let lines = try readText(path).split(whereSeparator: \.isNewline).map(String.init)
        .filter { !$0.allSatisfy(\.isWhitespace) }
    guard !lines.isEmpty else { throw .tooFew(file: path.string, what: "lines", found: 0, needed: 1) }
    return lines
}
