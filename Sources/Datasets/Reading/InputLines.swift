import SystemPackage

/// The lines of an input, as text editors count them: without a byte order mark, and without the CR of a CR LF.
package struct InputLines: ~Copyable {
    /// What the lines are read from.
    package let file: InputFile
    private var splitter: LineSplitter
    private var isAtEnd = false

    /// - Parameter limit: the most bytes of a line.
    /// - Throws: `DatasetError`
    package init(path: FilePath, limit: Int) throws(DatasetError) {
        self.init(try InputFile(path: path), limit: limit)
    }

    /// - Parameter limit: the most bytes of a line.
    package init(_ file: InputFile, limit: Int) {
        self.file = file
        splitter = LineSplitter(limit: limit)
    }

    /// The next lines, none at all perhaps; nil at the end.
    ///
    /// - Throws: `DatasetError`
    package mutating func next() throws(DatasetError) -> [LineSplitter.Line]? {
        if isAtEnd { return nil }
        guard let piece = try file.next() else {
            isAtEnd = true
            return splitter.finish().map { [Self.trimmed($0)] }
        }
        return splitter.split(piece).map(Self.trimmed)
    }

    private static func trimmed(_ line: LineSplitter.Line) -> LineSplitter.Line {
        guard var bytes = line.bytes else { return line }
        if bytes.last == 0x0D { bytes.removeLast() }
        if line.number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return LineSplitter.Line(number: line.number, bytes: bytes)
    }
}
