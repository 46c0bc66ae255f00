import Datasets
import Grace
import RandomNumbers
import Ranks
import TensorGradients
import Tensors
import Transformer

/// Trains a model step by step: rollouts, rewards, updates. All that it holds belongs to its queue.
package actor Trainer {
    /// Where a run is: all that decides what comes next, beside parameters and moments.
    package struct Position: Sendable, Equatable {
        /// Steps that were made.
        package var step = 0
        package var epoch = 0
        /// Examples of the epoch that were used.
        package var used = 0
    }

    private let queue = TrainingQueue()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    let settings: TrainingSettings
    let dataset: PreparedDataset
    let heldOut: PreparedDataset
    package let model: TrainableModel
    let optimizer: Optimizer
    let pass: TrainingPass
    let writer: RolloutWriter
    let ranks: TimedRanks
    /// What an adapter stands on, as rollouts compute it.
    let rolloutBase: Transformer?
    /// The model that training began with.
    private let start: Transformer
    private(set) var order: EpochOrder
    package internal(set) var position = Position()

    /// - Parameters:
    ///   - loaded: the checkpoint that training begins with, in float32; beside an adapter also in bfloat16, as rollouts then are
    ///     too. Full-parameter training takes its weights over.
    ///   - adapter: what is trained beside it; nil trains the checkpoint itself.
    ///   - heldOut: whose held-out examples judge; the training data's own by default.
    ///   - ranks: those that make each step together, of which each has a trainer like this one.
    /// - Throws: `TrainingError`
    package init(
        _ loaded: sending LoadedModel, adapter: AdapterSettings?, dataset: PreparedDataset,
        heldOut: PreparedDataset? = nil, settings: TrainingSettings, ranks: any Ranks = SingleRank()
    ) throws(TrainingError) {
        guard ranks.count <= settings.promptsPerStep else {
            throw .tooManyRanks(count: ranks.count, promptsPerStep: settings.promptsPerStep)
        }
        self.ranks = TimedRanks(ranks)
        self.settings = settings
        self.dataset = dataset
        self.heldOut = heldOut ?? dataset
        guard dataset.count(of: .training) > 0 else { throw .noExamples(path: "\(dataset.path)") }
        writer = try RolloutWriter(
            model: loaded, settings: settings.rollouts, rows: settings.rolloutRows, workers: settings.workers)
        let transformer = loaded.transformer
        func weights(
            _ make: (TransformerWeights) throws(WeightOutOfRange) -> TransformerWeights
        ) throws(TrainingError) -> Transformer {
            do throws(WeightOutOfRange) {
                return Transformer(
                    configuration: transformer.configuration, weights: try make(transformer.weights))
            } catch {
                throw .weightNotFinite(found: error.value)
            }
        }
        let format = settings.rolloutFormat
        if let adapter {
            model = try TrainableModel(training: adapter, beside: transformer, seed: SplitMix64.mixed(settings.seed))
            rolloutBase = try weights { weights throws(WeightOutOfRange) in
                // What is packed already is shared.
                guard let format, case .float32 = weights.embedding else { return weights }
                return try weights.packed(as: format)
            }
            start = transformer
        } else {
            // Training changes the weights where they are, vectors too.
            start = try weights { weights throws(WeightOutOfRange) in try weights.copied(as: format) }
            rolloutBase = nil
            model = TrainableModel(training: transformer)
        }
        optimizer = Optimizer(
            model.parameters, adamW: settings.adamW, maxGradientNorm: settings.maxGradientNorm)
        pass = TrainingPass(
            model: model, tokenCapacity: settings.microBatchTokens, workerCount: settings.workers,
            keeping: settings.kept.activations)
        order = EpochOrder(count: dataset.count(of: .training), seed: settings.seed, epoch: 0)
    }

    /// Steps of an epoch: the last may have fewer examples.
    package var stepsPerEpoch: Int {
        (dataset.count(of: .training) + settings.promptsPerStep - 1) / settings.promptsPerStep
    }

    /// Steps of a whole run.
    package func stepCount(_ schedule: TrainingRun.Schedule) -> Int {
        let all = stepsPerEpoch * schedule.epochs
        return min(schedule.steps ?? all, all)
    }

    /// Numbers that are trained.
    package var parameterCount: Int { model.parameterCount }

    func go(to position: Position) {
        self.position = position
        order = EpochOrder(count: dataset.count(of: .training), seed: settings.seed, epoch: position.epoch)
    }

    // MARK: - Steps

    /// Makes one step.
    ///
    /// - Parameter rateShare: how much of the settings' learning rate it has.
    /// - Returns: its numbers.
    /// - Throws: `TrainingError`; the model is then as after the last update that was made.
    package func step(rateShare: Double = 1) async throws(TrainingError) -> StepMetrics {
        let began = ContinuousClock.now
        ranks.forgetTimes()
        optimizer.adamW.learningRate = settings.adamW.learningRate * rateShare
        let examples = try nextExamples()
        let seed = SplitMix64.mixed(SplitMix64.mixed(settings.seed &+ 1) &+ UInt64(position.step))
        var metrics = StepMetrics()
        metrics["step"] = Double(position.step + 1)
        metrics["epoch"] = Double(position.epoch) + Double(position.used) / Double(order.count)
        let wantsRationales = settings.objective.hasPolicyGradient || settings.contrastsRationales
        let rollouts = wantsRationales ? try await write(examples, by: writer, seed: seed) : []
        let wrote = ContinuousClock.now
        if settings.objective.hasPolicyGradient {
            metrics.merge(try updateByReward(examples, rollouts, seed: seed))
        } else {
            metrics.merge(try updateByContrast(examples, rollouts, seed: seed))
        }
        let ended = ContinuousClock.now
        metrics["learning_rate"] = optimizer.adamW.learningRate
        metrics["rollout_seconds"] = (wrote - began) / .seconds(1)
        metrics["seconds"] = (ended - began) / .seconds(1)
        metrics["tokens_per_second"] = (metrics["trained_tokens"] ?? 0) / max((ended - wrote) / .seconds(1), 1e-9)
        if ranks.count > 1 {
            let means = ranks.meanTimes()
            metrics["waiting_seconds"] = means.waiting
            metrics["communication_seconds"] = means.communication
        }
        position.step += 1
        position.used += examples.count
        if position.used == order.count {
            go(to: Position(step: position.step, epoch: position.epoch + 1, used: 0))
        }
        return metrics
    }

    private func nextExamples() throws(TrainingError) -> [TrainingExample] {
        var examples: [TrainingExample] = []
        for index in order[position.used..<min(position.used + settings.promptsPerStep, order.count)] {
            examples.append(try example(index, .training, of: dataset))
        }
        return examples
    }

    func example(
        _ index: Int, _ split: DatasetSplit, of dataset: PreparedDataset
    ) throws(TrainingError) -> TrainingExample {
        do throws(DatasetError) {
            return try dataset.example(at: index, in: split)
        } catch {
            throw .dataset(error)
        }
    }

    /// Each rank writes the rollouts of a part of the examples, and tells the others.
    func write(
        _ examples: [TrainingExample], by writer: RolloutWriter, seed: UInt64
    ) async throws(TrainingError) -> [ExampleRollouts] {
        let served = try model.served(by: rolloutBase, as: settings.rolloutFormat)
        let share = Shares.ranges(of: examples.map { _ in 1 }, among: ranks.count)[ranks.rank]
        return try await writer.write(examples, share, with: served, seed: seed).joined(by: ranks)
    }

    func rewardBatch(_ rollouts: [ExampleRollouts]) -> RewardBatch {
        RewardBatch(
            rollouts.map { example in
                RewardBatch.Group(
                    rollouts: example.main.map {
                        .init(
                            vector: $0.vector, tokens: $0.sequence.rationale, isCutOff: $0.isCutOff,
                            tokenLimit: $0.tokenLimit, text: writer.text(of: $0))
                    }, query: example.query.vector, negative: example.negative?.vector)
            })
    }

    private func updateByReward(
        _ examples: [TrainingExample], _ rollouts: [ExampleRollouts], seed: UInt64
    ) throws(TrainingError) -> StepMetrics {
        let outcome = settings.reward.rewards(rewardBatch(rollouts))
        var metrics = StepMetrics()
        metrics["reward_mean"] = MeanAndError(outcome.totals.flatMap { $0 }).mean
        for part in settings.reward.parts {
            let values = outcome.pieces[part.piece.name, default: []]
            metrics["reward_\(part.piece.name)"] = MeanAndError(values.flatMap { $0 }).mean
        }
        var rewards = outcome.totals
        if settings.permutesRewards { permute(&rewards, seed: seed) }
        let advantages = Advantages.advantages(of: rewards)
        let all = advantages.flatMap { $0 }
        metrics["advantage_std"] = (all.reduce(0) { $0 + $1 * $1 } / Double(max(all.count, 1))).squareRoot()
        let main = rollouts.flatMap(\.main)
        metrics["rationale_length"] = MeanAndError(main.map { Double($0.sequence.rationale.count) }).mean
        metrics["cut_off_rate"] = Double(main.count { $0.isCutOff }) / Double(max(main.count, 1))
        let updates = MiniBatchPass(pass: pass, sharedPrefix: writer.sharedPrefix, dropout: nil, ranks: ranks)
        metrics.merge(
            try GraceStep(
                settings: settings, pass: updates, model: model, optimizer: optimizer,
                startScores: { sequences throws(TrainingError) in try self.startScores(sequences) },
                preservation: { update throws(TrainingError) in try self.preservation(of: examples[update]) }
            ).run(rollouts, advantages: advantages))
        return metrics
    }

    private func permute(_ rewards: inout [[Double]], seed: UInt64) {
        var random = SplitMix64(seed: SplitMix64.mixed(seed &+ 7))
        for group in rewards.indices {
            for last in stride(from: rewards[group].count - 1, to: 0, by: -1) {
                rewards[group].swapAt(last, Int(random.next(below: UInt64(last) + 1)))
            }
        }
    }

    private func updateByContrast(
        _ examples: [TrainingExample], _ rollouts: [ExampleRollouts], seed: UInt64
    ) throws(TrainingError) -> StepMetrics {
        var texts: [ContrastiveStep.Texts] = []
        for (index, example) in examples.enumerated() {
            if rollouts.isEmpty {
                texts.append(
                    ContrastiveStep.Texts(
                        query: try sequence(example.query), main: try sequence(example.main),
                        negative: try example.negative.map { text throws(TrainingError) in try sequence(text) }))
            } else {
                let rollout = rollouts[index]
                texts.append(
                    ContrastiveStep.Texts(
                        query: rollout.query.sequence, main: rollout.main[0].sequence,
                        negative: rollout.negative?.sequence))
            }
        }
        return try ContrastiveStep(
            settings: settings, pass: pass, sharedPrefix: writer.sharedPrefix, model: model, optimizer: optimizer,
            preservation: { update throws(TrainingError) in try self.preservation(of: examples[update]) }, seed: seed,
            ranks: ranks
        ).run(texts, kind: dataset.kind)
    }

    private func sequence(_ text: String) throws(TrainingError) -> TrainingSequence {
        let prompt = try writer.prompt(for: text)
        return TrainingSequence(prompt: prompt.tokens, poolingStart: prompt.poolingStart)
    }

    private func preservation(of examples: ArraySlice<TrainingExample>) throws(TrainingError) -> Preservation? {
        guard settings.preservationWeight > 0 else { return nil }
        return try Preservation(
            weight: settings.preservationWeight, try PlainReading(writer).sequences(of: examples),
            startScores: { sequences throws(TrainingError) in try self.startScores(sequences) })
    }

    func startScores(_ sequences: [TrainingSequence]) throws(TrainingError) -> [[TokenScore]] {
        try pass.scoring(with: start) { pass throws(TrainingError) in
            try MiniBatchPass(pass: pass, sharedPrefix: writer.sharedPrefix, dropout: nil, ranks: ranks)
                .scores(sequences, temperature: Float(settings.rollouts.temperature))
        }
    }
}
