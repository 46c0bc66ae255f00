import Checkpoints
import SystemPackage

/// Writes the examples of a spool, each with its split, and the header before them.
struct DatasetWriting: ~Copyable {
    private let plan: PreparationPlan
    private let separation: SplitSeparation
    private let miner: NegativeMiner?
    private let parser: ExampleParser
    private let file: DurableFile
    private let headerSize: Int
    private var report: PreparationReport

    /// - Parameters:
    ///   - report: of what was gathered.
    ///   - miner: has seen all that is trained on; nil mines nothing.
    /// - Throws: `DatasetError`
    init(
        _ plan: PreparationPlan, _ report: PreparationReport, _ separation: SplitSeparation, _ miner: NegativeMiner?
    ) throws(DatasetError) {
        self.plan = plan
        self.report = report
        self.separation = separation
        self.miner = miner
        parser = PreparedLine.parser(report.header.kind)
        // Counts and digest are known last. The header is written last too, into room that is left for it.
        headerSize = report.header.largestSize
        guard headerSize < DatasetHeader.sizeLimit else {
            throw .headerTooLong(path: plan.output.string, limit: DatasetHeader.sizeLimit)
        }
        let reserved = headerSize + 1
        file = try fileErrors { () throws(CheckpointError) in
            try DurableFile(replacing: plan.output, reserving: reserved)
        }
    }

    /// Writes an example, unless it must not be trained on.
    ///
    /// - Throws: `DatasetError`
    mutating func write(_ record: Spool.Record) throws(DatasetError) {
        let split: DatasetSplit
        switch separation.place(record) {
        case .split(let place): split = place
        case .shared:
            report.sharedTextCount += 1
            guard plan.keepsSharedTexts else { return }
            split = .training
        }
        var (members, tokenCounts) = (record.members, record.tokenCounts)
        if let miner, tokenCounts.count == 2 {
            let example = try PreparedLine.example(ofMembers: members, parser, path: plan.output.string)
            if let negative = try miner.negative(query: example.query, positive: example.main) {
                members = PreparedLine.members(of: example.with(negative: negative.text))
                tokenCounts.append(negative.tokenCount)
                report.header.minedCount += 1
            }
        }
        let (file, line) = (file, PreparedLine.beginning(split) + members + [0x0A])
        try fileErrors { () throws(CheckpointError) in try file.write(line) }
        count(split, tokenCounts)
    }

    /// Writes the header, and gives the file its name.
    ///
    /// - Throws: `DatasetError`
    consuming func finish() throws(DatasetError) -> PreparationReport {
        guard report.header.trainingCount > 0 else {
            throw .nothingToTrainOn(exampleCount: report.readCount, heldOutCount: report.header.heldOutCount)
        }
        let file = file
        report.header.bodyByteCount = file.byteCount
        report.header.bodySHA256 = try fileErrors { () throws(CheckpointError) in try file.digest() }.description
        let line = report.header.line(size: headerSize)
        report.digest = try DatasetHeader.digest(ofLine: line).description
        try fileErrors { () throws(CheckpointError) in try file.commit(beginning: line + [0x0A]) }
        return report
    }

    private mutating func count(_ split: DatasetSplit, _ tokenCounts: [Int]) {
        switch split {
        case .training: report.header.trainingCount += 1
        case .heldOut: report.header.heldOutCount += 1
        }
        if tokenCounts.count == 3 { report.header.negativeCount += 1 }
        let fields: [TextField] = report.header.kind == .texts ? [.text] : [.query, .positive, .negative]
        for (field, tokenCount) in zip(fields, tokenCounts) {
            report.lengths[field, default: LengthHistogram()].add(tokenCount)
        }
    }
}
