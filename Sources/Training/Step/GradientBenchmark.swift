import Datasets
import RandomNumbers
import TensorGradients
import Tensors
import Transformer

/// How fast a model is run forward and back: sequences of random tokens, of which the last ones are scored.
package struct GradientBenchmark: Sendable {
    /// Sequences that are run.
    package var sequenceCount: Int
    /// Tokens of each that are given.
    package var promptTokens: Int
    /// Tokens of each that are scored.
    package var scoredTokens: Int
    /// Tokens that are run together.
    package var microBatchTokens: Int
    /// Sequences of one prompt, which is computed once for them.
    package var sequencesPerPrompt: Int

    /// Takes all as they are.
    package init(
        sequenceCount: Int, promptTokens: Int, scoredTokens: Int, microBatchTokens: Int, sequencesPerPrompt: Int
    ) {
        self.sequenceCount = sequenceCount
        self.promptTokens = promptTokens
        self.scoredTokens = scoredTokens
        self.microBatchTokens = microBatchTokens
        self.sequencesPerPrompt = sequencesPerPrompt
    }

    /// Runs all sequences forward and back once, after one micro-batch that warms memory up.
    ///
    /// - Returns: seconds.
    /// - Throws: `TrainingError.sequenceTooLong`
    package func run(_ pass: TrainingPass) throws(TrainingError) -> Double {
        let vocabularySize = UInt64(pass.model.transformer.configuration.vocabularySize)
        var random = SplitMix64(seed: 1)
        func tokens(_ count: Int) -> [TokenID] {
            (0..<count).map { _ in TokenID(random.next(below: vocabularySize)) }
        }
        var sequences: [TrainingSequence] = []
        var prompt: [TokenID] = []
        for index in 0..<sequenceCount {
            if index % sequencesPerPrompt == 0 { prompt = tokens(promptTokens) }
            let scored = tokens(scoredTokens)
            sequences.append(
                TrainingSequence(
                    prompt: prompt, poolingStart: 0, rationale: Array(scored.dropLast()), stopToken: scored.last))
        }
        let batches = try MicroBatch.pack(sequences, sharedPrefix: [], capacity: microBatchTokens)
        let factor = Float(1) / Float(sequenceCount * scoredTokens)
        func run(_ batch: MicroBatch) {
            pass.forward(batch.tokens)
            pass.clearHiddenGradient()
            _ = pass.score(batch.members.flatMap(\.targets), temperature: 1) { _, _ in
                TokenScoreGradient(logProbability: -factor)
            }
            pass.backward()
        }
        if let first = batches.first { run(first) }
        pass.model.clearGradients()
        let began = ContinuousClock.now
        for batch in batches { run(batch) }
        return (ContinuousClock.now - began) / .seconds(1)
    }
}
