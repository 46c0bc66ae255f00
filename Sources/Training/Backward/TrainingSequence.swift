import Transformer

/// A prompt and what follows it, of which tokens are scored or states pooled.
package struct TrainingSequence: Sendable, Equatable {
    /// The rendered prompt.
    package var prompt: [TokenID]
    /// The first token whose state is pooled; before the prompt's end.
    package var poolingStart: Int
    /// The rationale, without the token that ended it.
    package var rationale: [TokenID]
    /// What ended it; nil where the limit did.
    package var stopToken: TokenID?

    /// Takes all as they are.
    package init(prompt: [TokenID], poolingStart: Int, rationale: [TokenID] = [], stopToken: TokenID? = nil) {
        precondition(poolingStart < prompt.count, "nothing to pool")
        self.prompt = prompt
        self.poolingStart = poolingStart
        self.rationale = rationale
        self.stopToken = stopToken
    }

    /// The tokens that the model chose: the one that ended the rationale among them.
    package var chosenTokens: [TokenID] { rationale + (stopToken.map { [$0] } ?? []) }
}

/// Sequences that are run together, and where each of them lies.
package struct MicroBatch: Sendable {
    /// One of the sequences.
    package struct Member: Sendable {
        /// Its index among all that were packed.
        package let sequence: Int
        /// The rows that are pooled.
        package let pooledRows: [Int]
        /// Of each token that the model chose.
        package let targets: [TokenTarget]
    }

    /// What is run.
    package private(set) var tokens = PackedTokens()
    /// In the order of their indices.
    package private(set) var members: [Member] = []

    /// For each row a number of its sequence and its position there, which it has in whatever micro-batch it comes to lie.
    ///
    /// - Precondition: nothing is shared: each sequence begins with a row of its own.
    package var places: [Int] {
        var rest = members[...]
        var sequence = 0
        return tokens.positions.map { position in
            if position == 0, let member = rest.popFirst() { sequence = member.sequence }
            return sequence << 20 | position
        }
    }

    /// Packs sequences in their order, as many together as fit. What all prompts begin with, and prompts that follow each other
    /// and are the same, are in a micro-batch once.
    ///
    /// - Parameters:
    ///   - sequences: all of them, or a part of an array, whose indices they keep.
    ///   - sharedPrefix: tokens that prompts may begin with, no more than are before their `poolingStart`.
    ///   - sharesPrompts: whether prompts that are the same are computed once; not where dropout tells them apart.
    ///   - capacity: tokens of a micro-batch.
    /// - Throws: `TrainingError.sequenceTooLong`
    package static func pack<Sequences: RandomAccessCollection>(
        _ sequences: Sequences, sharedPrefix: [TokenID], sharesPrompts: Bool = true, capacity: Int
    ) throws(TrainingError) -> [MicroBatch] where Sequences.Element == TrainingSequence, Sequences.Index == Int {
        var batches: [MicroBatch] = []
        var packing = Packing(sharedPrefix: sharedPrefix, sharesPrompts: sharesPrompts)
        for (index, sequence) in zip(sequences.indices, sequences) {
            if packing.tokenCount(with: sequence) > capacity {
                if !packing.batch.members.isEmpty { batches.append(packing.batch) }
                packing = Packing(sharedPrefix: sharedPrefix, sharesPrompts: sharesPrompts)
                let count = packing.tokenCount(with: sequence)
                guard count <= capacity else { throw .sequenceTooLong(tokens: count, limit: capacity) }
            }
            packing.append(sequence, index: index)
        }
        if !packing.batch.members.isEmpty { batches.append(packing.batch) }
        return batches
    }

    /// A micro-batch that is being filled.
    private struct Packing {
        let sharedPrefix: [TokenID]
        let sharesPrompts: Bool
        var batch = MicroBatch()
        private var prefix: PackedTokens.SegmentID?
        /// The prompt packed last.
        private var prompt: (tokens: [TokenID], segment: PackedTokens.SegmentID)?

        init(sharedPrefix: [TokenID], sharesPrompts: Bool) {
            self.sharedPrefix = sharesPrompts ? sharedPrefix : []
            self.sharesPrompts = sharesPrompts
        }

        private func sharesPrefix(_ sequence: TrainingSequence) -> Bool {
            !sharedPrefix.isEmpty && sharedPrefix.count <= sequence.poolingStart
                && sequence.prompt.starts(with: sharedPrefix)
        }

        private func knows(_ tokens: [TokenID]) -> Bool { sharesPrompts && prompt?.tokens == tokens }

        func tokenCount(with sequence: TrainingSequence) -> Int {
            let count = batch.tokens.tokens.count + sequence.rationale.count
            if knows(sequence.prompt) { return count }
            let isShared = prefix != nil && sharesPrefix(sequence)
            return count + sequence.prompt.count - (isShared ? sharedPrefix.count : 0)
        }

        mutating func append(_ sequence: TrainingSequence, index: Int) {
            let promptSegment = segment(ofPrompt: sequence)
            let promptRows = batch.tokens.rows(of: promptSegment)
            var rationaleRows = 0..<0
            if !sequence.rationale.isEmpty {
                let segment = batch.tokens.append(sequence.rationale, after: promptSegment)
                rationaleRows = batch.tokens.rows(of: segment)
            }
            // The prompt's last rows are its segment's, what is shared lies before `poolingStart`.
            let pooledPromptRows = promptRows.suffix(sequence.prompt.count - sequence.poolingStart)
            let rows = [promptRows.upperBound - 1] + Array(rationaleRows)
            batch.members.append(
                Member(
                    sequence: index, pooledRows: Array(pooledPromptRows) + Array(rationaleRows),
                    targets: zip(rows, sequence.chosenTokens).map { TokenTarget(row: $0, token: $1) }))
        }

        private mutating func segment(ofPrompt sequence: TrainingSequence) -> PackedTokens.SegmentID {
            if let prompt, knows(sequence.prompt) { return prompt.segment }
            let segment: PackedTokens.SegmentID
            if sharesPrefix(sequence) {
                let prefix = prefix ?? batch.tokens.append(sharedPrefix)
                self.prefix = prefix
                segment = batch.tokens.append(sequence.prompt.dropFirst(sharedPrefix.count), after: prefix)
            } else {
                segment = batch.tokens.append(sequence.prompt)
            }
            prompt = (sequence.prompt, segment)
            return segment
        }
    }
}
