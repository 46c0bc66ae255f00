import Checkpoints
import Confinement
import Dispatch
import SystemPackage

/// Reads the inputs, and puts the examples that are kept into a spool.
struct ExampleGathering: ~Copyable {
    /// Lines that are processed at once, at most, for each processor; fewer where they are long.
    private static let batchLineCount = 1024
    private static let batchByteCount = 1 << 20

    private let plan: PreparationPlan
    private let countTokens: PromptTokenCounter
    private let progress: (PreparationProgress) -> Void
    /// What has been kept.
    let spool: Spool
    /// What has become of the lines so far.
    private(set) var report: PreparationReport
    private var finder: SplitBoundary.Finder
    /// 128 bits an example: what an exact answer takes.
    private var seen: Set<TextDigest> = []
    private var firstKind: (kind: DatasetKind, path: String)?

    /// - Throws: `DatasetError.io`, `.file`
    init(
        _ plan: PreparationPlan, header: DatasetHeader, countTokens: @escaping PromptTokenCounter,
        progress: @escaping (PreparationProgress) -> Void
    ) throws(DatasetError) {
        self.plan = plan
        self.countTokens = countTokens
        self.progress = progress
        spool = try Spool(beside: plan.output)
        report = PreparationReport(header: header)
        finder = SplitBoundary.Finder(plan.split)
    }

    /// Where the held-out part ends, after all inputs.
    mutating func boundary() -> SplitBoundary {
        finder.boundary(readCount: report.readCount)
    }

    /// Reads an input to its end.
    ///
    /// - Throws: `DatasetError`
    mutating func gather(_ path: FilePath) throws(DatasetError) {
        var lines = try InputLines(path: path, limit: plan.maxLineBytes)
        if let output = try FileStatus(path: plan.output), output.identity == lines.file.identity {
            throw .outputIsInput(path: path.string)
        }
        var format = plan.format
        var batch: [LineSplitter.Line] = []
        var batchByteCount = 0
        while let next = try lines.next() {
            for line in next {
                if format == nil { format = try detect(line, path) }
                batch.append(line)
                batchByteCount += line.bytes?.count ?? 0
                guard
                    batch.count >= Self.batchLineCount * plan.threads
                        || batchByteCount >= Self.batchByteCount * plan.threads
                else { continue }
                try take(batch, format, path)
                batch = []
                batchByteCount = 0
            }
            progress(
                .reading(
                    path: path.string, byteCount: lines.file.byteCount, of: lines.file.storedByteCount,
                    lineCount: report.lineCount))
        }
        try take(batch, format, path)
        report.formats.append(format ?? .lines)
        report.header.inputs.append(
            DatasetHeader.Input(
                name: path.lastComponent?.string ?? path.string, byteCount: lines.file.byteCount,
                sha256: try lines.file.digest().description))
    }

    /// The format of a file, if its first lines down to this one say it.
    private func detect(_ line: LineSplitter.Line, _ path: FilePath) throws(DatasetError) -> LineFormat? {
        let reason: String
        if let bytes = line.bytes {
            if ExampleParser.isBlank(bytes) { return nil }
            do throws(LineFormat.Undetected) {
                return try LineFormat(fileName: path.lastComponent?.string ?? "", firstLine: bytes)
            } catch {
                reason = error.reason
            }
        } else {
            reason = "\(LineRefusal.tooLong(limit: plan.maxLineBytes))"
        }
        throw .unknownFormat(path: path.string, line: line.number, reason: reason)
    }

    /// - Parameter format: nil where all lines so far are blank.
    private mutating func take(
        _ lines: [LineSplitter.Line], _ format: LineFormat?, _ path: FilePath
    ) throws(DatasetError) {
        guard let format else {
            report.lineCount += lines.count
            report.blankLineCount += lines.count
            return
        }
        try checkKind(format.kind, path)
        let processor = LineProcessor(
            parser: ExampleParser(format: format), maxLineBytes: plan.maxLineBytes,
            maxPromptTokens: plan.maxPromptTokens, countTokens: countTokens)
        let outcomes = try Self.outcomes(of: lines, processor, threads: plan.threads)
        for (line, outcome) in zip(lines, outcomes) {
            try take(outcome, line: line.number, path)
        }
    }

    private mutating func checkKind(_ kind: DatasetKind, _ path: FilePath) throws(DatasetError) {
        guard let firstKind else {
            firstKind = (kind, path.string)
            report.header.kind = kind
            if kind == .texts, plan.miningMemoryLimit != nil { throw .nothingToMineFor(path: path.string) }
            return
        }
        guard kind == firstKind.kind else {
            throw .mixedKinds(path: path.string, kind: kind, firstPath: firstKind.path, firstKind: firstKind.kind)
        }
    }

    private mutating func take(_ outcome: LineOutcome, line: Int, _ path: FilePath) throws(DatasetError) {
        let position = report.readCount
        report.lineCount += 1
        switch outcome {
        case .blank: report.blankLineCount += 1
        case .refused(let refusal):
            if plan.isStrict { throw .refusedLine(path: path.string, line: line, refusal) }
            report.refusals.add(refusal, path: path.string, line: line)
        case .overLimit(let tokenCount):
            report.overLimitCount += 1
            report.longestPrompt = max(report.longestPrompt, tokenCount)
        case .example(let example):
            report.longestPrompt = max(report.longestPrompt, example.tokenCounts.max() ?? 0)
            if !seen.insert(example.all).inserted {
                report.duplicateCount += 1
                if !plan.keepsDuplicates { return }
            }
            finder.add(query: example.query)
            try spool.append(
                Spool.Record(
                    position: position, query: example.query, main: example.main, tokenCounts: example.tokenCounts,
                    members: PreparedLine.members(of: example.example)))
        }
    }

    /// What each line comes to; on several processors, in the order of the lines.
    private static func outcomes(
        of lines: [LineSplitter.Line], _ processor: LineProcessor, threads: Int
    ) throws(DatasetError) -> [LineOutcome] {
        // More pieces than processors: some take longer.
        let pieceSize = max(16, lines.count / (4 * threads) + 1)
        let pieceCount = (lines.count + pieceSize - 1) / pieceSize
        let pieces = Confined<[Result<[LineOutcome], DatasetError>?]>(Array(repeating: nil, count: pieceCount))
        DispatchQueue.concurrentPerform(iterations: threads > 1 ? pieceCount : 0) { index in
            let piece = Self.outcomes(
                of: lines[(index * pieceSize)..<min(lines.count, (index + 1) * pieceSize)], processor)
            pieces.withState { $0[index] = piece }
        }
        if threads == 1 { return try Self.outcomes(of: lines[...], processor).get() }
        var outcomes: [LineOutcome] = []
        for piece in pieces.withState({ $0 }) {
            if let piece { outcomes += try piece.get() }
        }
        return outcomes
    }

    private static func outcomes(
        of lines: ArraySlice<LineSplitter.Line>, _ processor: LineProcessor
    ) -> Result<[LineOutcome], DatasetError> {
        var outcomes: [LineOutcome] = []
        for line in lines {
            do throws(DatasetError) {
                outcomes.append(try processor.process(line))
            } catch {
                return .failure(error)
            }
        }
        return .success(outcomes)
    }
}
