import Datasets
import SystemPackage

/// The texts of an input in their order, read as they are asked for. Not for use by several threads at once: reading blocks.
package final class TextSource {
    /// What an input is, and how it is read.
    package struct Plan: Sendable {
        /// nil reads what the process is given.
        package var path: FilePath?
        /// nil looks at the file's name and its first line.
        package var format: TextFormat?
        /// The most bytes of a line.
        package var maxLineBytes = 1 << 20
        /// Keys that the output has for itself.
        package var reservedKeys: Set<String> = []

        /// - Parameter path: nil reads what the process is given.
        package init(path: FilePath?) {
            self.path = path
        }

        /// For messages.
        package var name: String { path?.string ?? "standard input" }
    }

    private let plan: Plan
    private var lines: InputLines
    private var parser: TextLineParser?
    /// Lines that were read together with others, and not handed out yet.
    private var waiting: ArraySlice<LineSplitter.Line> = []
    private var position: InputPosition

    /// Opens the input, and waits for its first bytes.
    ///
    /// - Throws: `BulkError.file`
    package init(_ plan: Plan) throws(BulkError) {
        self.plan = plan
        let file = try bulkErrors { () throws(DatasetError) in
            if let path = plan.path { try InputFile(path: path) } else { try InputFile.standardInput() }
        }
        lines = InputLines(file, limit: plan.maxLineBytes)
        position = try InputPosition()
    }

    /// How many bytes the text has; nil where that is known only at its end.
    package var totalByteCount: Int? { lines.file.isCompressed ? nil : lines.file.storedByteCount }

    /// How many of them are handed out, or passed over.
    package var byteCount: Int { position.byteCount }

    /// The next items: at least one, and what was read together with it up to a limit; nil at the end.
    ///
    /// - Parameters:
    ///   - count: the most items.
    ///   - byteLimit: of them together, but for the last one.
    /// - Throws: `BulkError.file`
    package func next(_ count: Int, byteLimit: Int) throws(BulkError) -> [InputItem]? {
        var items: [InputItem] = []
        var byteCount = 0
        while items.count < count, byteCount < byteLimit {
            // Whoever writes the input may wait for what becomes of the first lines.
            if waiting.isEmpty, !items.isEmpty { break }
            guard let line = try nextLine() else { break }
            guard let item = try item(of: line) else { continue }
            items.append(item)
            byteCount += item.byteCount
        }
        return items.isEmpty ? nil : items
    }

    /// Passes over lines that are done.
    ///
    /// - Parameter mark: what they were.
    /// - Throws: `BulkError.otherInput` where they are others or fewer, `.file`
    package func skip(_ lineCount: Int, mark: String) throws(BulkError) {
        while position.lineCount < lineCount {
            guard let line = try nextLine() else { break }
            _ = try parser(for: line)
            try position.pass(line.bytes)
        }
        guard position.lineCount == lineCount, position.mark == mark else {
            throw .otherInput(path: plan.name, line: lineCount)
        }
    }

    private func item(of line: LineSplitter.Line) throws(BulkError) -> InputItem? {
        let parser = try parser(for: line)
        try position.pass(line.bytes)
        let content: Result<TextLine, TextRefusal>
        do throws(TextRefusal) {
            guard let text = try parser.text(in: line) else { return nil }
            content = .success(text)
        } catch {
            content = .failure(error)
        }
        return InputItem(content: content, byteCount: line.bytes?.count ?? 0, end: position)
    }

    private func nextLine() throws(BulkError) -> LineSplitter.Line? {
        while waiting.isEmpty {
            let read = try bulkErrors { () throws(DatasetError) in try lines.next() }
            guard let read else { return nil }
            waiting = read[...]
        }
        return waiting.popFirst()
    }

    /// The first line that is not blank decides, for all that follow.
    private func parser(for line: LineSplitter.Line) throws(BulkError) -> TextLineParser {
        if let parser { return parser }
        let isBlank = line.bytes.map(ExampleParser.isBlank) ?? false
        let isJSON = LineFormat.holdsJSON(
            fileName: plan.path?.lastComponent?.string ?? "", firstLine: line.bytes ?? [])
        let parser = TextLineParser(
            format: plan.format ?? (isJSON ? .jsonl : .lines), lineLimit: plan.maxLineBytes,
            reservedKeys: plan.reservedKeys)
        // A blank line before it says nothing, unless the name does.
        if plan.format != nil || !isBlank { self.parser = parser }
        return parser
    }
}
