import Checkpoints

/// Reads a file of prepared data from its beginning to its end, and checks everything that its header says.
struct PreparedScanner {
    /// The first line, read.
    struct FirstLine {
        let header: DatasetHeader
        let digest: SHA256Digest
        /// Without the line feed.
        let byteCount: Int
    }

    private static let pieceSize = 1 << 20
    private static let shortestLine = #"{"split":"train","text":"x"}"#.utf8.count + 1

    private let file: RegularFile
    private let header: DatasetHeader
    private let parser: ExampleParser
    /// Where the next line begins.
    private var offset: Int
    private var negativeCount = 0
    /// Where the examples are.
    private(set) var training: [LineLocation] = []
    private(set) var heldOut: [LineLocation] = []

    /// - Parameter first: the file's.
    init(_ file: RegularFile, _ first: FirstLine) {
        self.file = file
        header = first.header
        offset = first.byteCount + 1
        parser = PreparedLine.parser(header.kind)
    }

    /// Reads the first line.
    ///
    /// - Throws: `DatasetError`
    static func firstLine(of file: RegularFile) throws(DatasetError) -> FirstLine {
        guard file.byteCount < LineLocation.fileLimit else {
            throw .tooLarge(path: file.name, found: file.byteCount, limit: LineLocation.fileLimit)
        }
        let beginning = try fileErrors { () throws(CheckpointError) in
            try file.bytes(0..<min(file.byteCount, DatasetHeader.sizeLimit))
        }
        guard let end = beginning.firstIndex(of: 0x0A) else {
            guard beginning.count == DatasetHeader.sizeLimit else {
                throw .notPrepared(path: file.name, found: "\(beginning.count) bytes without a line break")
            }
            throw .headerTooLong(path: file.name, limit: DatasetHeader.sizeLimit)
        }
        let line = Array(beginning[..<end])
        return FirstLine(
            header: try DatasetHeader(parsing: line, path: file.name),
            digest: try DatasetHeader.digest(ofLine: line), byteCount: end)
    }

    /// Reads all that follows.
    ///
    /// - Throws: `DatasetError`
    mutating func scan() throws(DatasetError) {
        let start = offset
        let found = file.byteCount - start
        let hasher = try fileErrors { () throws(CheckpointError) in try SHA256Hasher() }
        // No more than the file has room for, whatever the header says.
        training.reserveCapacity(min(header.trainingCount, found / Self.shortestLine))
        heldOut.reserveCapacity(min(header.heldOutCount, found / Self.shortestLine))
        var splitter = LineSplitter(limit: LineLocation.lengthLimit)
        var lineCount = 1
        for position in stride(from: start, to: file.byteCount, by: Self.pieceSize) {
            let piece = try fileErrors { () throws(CheckpointError) in
                let piece = try file.bytes(position..<min(file.byteCount, position + Self.pieceSize))
                try hasher.update(piece)
                return piece
            }
            for line in splitter.split(piece) {
                lineCount += 1
                // Of a file that was cut off the place where it ends is told, not the first line that differs.
                if found == header.bodyByteCount { try take(line, number: lineCount) }
            }
        }
        let rest = splitter.finish()
        guard found == header.bodyByteCount else {
            throw .wrongSize(
                path: file.name, line: lineCount + (rest == nil ? 0 : 1), expected: header.bodyByteCount, found: found)
        }
        if rest != nil { throw damaged(lineCount + 1, "it has no line feed") }
        try checkCounts()
        let digest = try fileErrors { () throws(CheckpointError) in try hasher.finish() }.description
        guard digest == header.bodySHA256 else {
            throw .digestMismatch(path: file.name, expected: header.bodySHA256, found: digest)
        }
        try fileErrors { () throws(CheckpointError) in try file.checkUnchanged() }
    }

    private mutating func take(_ line: LineSplitter.Line, number: Int) throws(DatasetError) {
        guard let bytes = line.bytes else {
            throw damaged(number, "it has more than \(LineLocation.lengthLimit) bytes")
        }
        guard let split = PreparedLine.split(of: bytes) else {
            throw damaged(number, "it does not begin with a split and end as an object")
        }
        let example: TrainingExample?
        do throws(LineRefusal) {
            example = try parser.example(in: bytes)
        } catch {
            throw damaged(number, "\(error)")
        }
        if example?.negative != nil { negativeCount += 1 }
        let location = LineLocation(offset: offset, length: bytes.count)
        switch split {
        case .training: training.append(location)
        case .heldOut: heldOut.append(location)
        }
        offset += bytes.count + 1
    }

    private func checkCounts() throws(DatasetError) {
        let counts = [
            ("train", header.trainingCount, training.count), ("held_out", header.heldOutCount, heldOut.count),
            ("with_negative", header.negativeCount, negativeCount),
        ]
        for (key, expected, found) in counts where expected != found {
            throw .wrongCount(path: file.name, key: key, expected: expected, found: found)
        }
    }

    private func damaged(_ line: Int, _ reason: String) -> DatasetError {
        .damagedLine(path: file.name, line: line, reason: reason)
    }
}
