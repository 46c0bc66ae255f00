import SystemPackage

/// Makes one file of prepared data of files of triplets or texts.
///
/// The inputs are read once, as streams. What is kept waits on the disk, beside the output, until all of it is known:
/// there must be room for the examples twice. In memory are the lines that are being read, a digest of 128 bits for each
/// example (to find duplicates) and for each held-out text (to keep it out of training), and where negatives are mined
/// the positives.
package struct DatasetPreparation {
    private static let progressInterval = 64

    private let plan: PreparationPlan
    private let prompt: DatasetHeader.Prompt
    private let countTokens: PromptTokenCounter
    private let progress: (PreparationProgress) -> Void

    /// - Parameters:
    ///   - prompt: the checkpoint that `countTokens` is of; its limit is the plan's.
    ///   - progress: is told now and then how far it has come.
    package init(
        _ plan: PreparationPlan, prompt: DatasetHeader.Prompt, countTokens: @escaping PromptTokenCounter,
        progress: @escaping (PreparationProgress) -> Void = { _ in }
    ) {
        self.plan = plan
        self.prompt = prompt
        self.countTokens = countTokens
        self.progress = progress
    }

    /// Reads the inputs and writes the output.
    ///
    /// - Throws: `DatasetError`; then there is no output, or the one that was there before.
    package func run() throws(DatasetError) -> PreparationReport {
        if let status = try FileStatus(path: plan.output), !status.isRegular {
            throw .notReplaceable(path: plan.output.string)
        }
        let header = DatasetHeader(
            kind: .texts, prompt: prompt, split: plan.split, inputs: [], keepsDuplicates: plan.keepsDuplicates,
            keepsSharedTexts: plan.keepsSharedTexts)
        var gathering = try ExampleGathering(plan, header: header, countTokens: countTokens, progress: progress)
        for input in plan.inputs { try gathering.gather(input) }
        var separation = SplitSeparation(gathering.boundary())
        let spool = gathering.spool
        try spool.forEach { record throws(DatasetError) in separation.add(record) }
        let separated = separation
        var miner: NegativeMiner?
        if let limit = plan.miningMemoryLimit { miner = try filledMiner(of: spool, separated, memoryLimit: limit) }
        var writing = try DatasetWriting(plan, gathering.report, separated, miner)
        var count = 0
        try spool.forEach { record throws(DatasetError) in
            if count.isMultiple(of: Self.progressInterval) { progress(.writing(exampleCount: count, of: spool.count)) }
            try writing.write(record)
            count += 1
        }
        return try writing.finish()
    }

    /// The positives that are trained on: a held-out one must not be seen in training, not even as a negative.
    private func filledMiner(
        of spool: Spool, _ separation: SplitSeparation, memoryLimit: Int
    ) throws(DatasetError) -> NegativeMiner {
        var miner = NegativeMiner(memoryLimit: memoryLimit)
        let parser = PreparedLine.parser(.triplets)
        try spool.forEach { record throws(DatasetError) in
            let place = separation.place(record)
            guard place == .split(.training) || (place == .shared && plan.keepsSharedTexts) else { return }
            let example = try PreparedLine.example(ofMembers: record.members, parser, path: plan.output.string)
            try miner.add(query: example.query, positive: example.main, tokenCount: record.tokenCounts[1])
        }
        return miner
    }
}
