import Checkpoints
import Engine
import Grace
import Transformer

/// A model with its engine, ready to answer.
package struct ServedModel: Identified {
    /// Turns texts into vectors.
    package let embedder: Embedder

    /// What its vectors are known by.
    package var identity: ModelIdentity { embedder.model.identity }

    /// Takes the embedder over: whoever drops the model stops its engine.
    package init(embedder: Embedder) {
        self.embedder = embedder
    }
}

/// How models are read and run.
package struct ModelLoader: Sendable {
    /// What all requests to a model may take together.
    package var batchLimits: BatchScheduler.Limits
    /// The most tokens of a prompt.
    package var maxInputTokens: Int
    /// The longest rationale that a checkpoint may have as its default.
    package var maxRationaleTokens: Int
    /// The number format of the weights; nil takes what suits each checkpoint.
    package var precision: Precision?
    /// Threads for products that are not OpenBLAS's.
    package var threads: Int
    /// How far steps run ahead.
    package var speculation: Speculation?
    /// The system message of checkpoints that have none of their own.
    package var settings: GraceSettings
    /// What texts that come again share; results are known by their checkpoint.
    package var sharing: SharedGenerations
    /// Told of the texts of requests, whatever checkpoint embeds them.
    package var observer: (any EmbeddingObserver)?
    /// Told of every step of every engine, on the engine's thread.
    package var onStep: (@Sendable (StepReport) -> Void)?
    private let bases = LoadedBases()
    private let turns = StepTurns()

    /// Takes the parts as they are.
    package init(
        batchLimits: BatchScheduler.Limits, maxInputTokens: Int, maxRationaleTokens: Int, precision: Precision?,
        threads: Int, speculation: Speculation?, settings: GraceSettings, sharing: SharedGenerations
    ) {
        self.batchLimits = batchLimits
        self.maxInputTokens = maxInputTokens
        self.maxRationaleTokens = maxRationaleTokens
        self.precision = precision
        self.threads = threads
        self.speculation = speculation
        self.settings = settings
        self.sharing = sharing
    }

    /// Opens a checkpoint of the directory and verifies its files.
    ///
    /// - Throws: `GraceError`
    func open(_ location: CheckpointLocation, in directory: ModelDirectory) throws(GraceError) -> GraceCheckpoint {
        let checkpoint = try directory.open(location, settings: settings)
        if let tokens = checkpoint.manifest?.generation.maxRationaleTokens, tokens > maxRationaleTokens {
            throw .rationaleLimit(checkpoint: checkpoint.identity.name, tokens: tokens, limit: maxRationaleTokens)
        }
        return checkpoint
    }

    /// What a checkpoint will take, at most: weights, the buffers of a step, and keys and values of as many tokens as the
    /// limits allow. Nothing is allocated for it.
    ///
    /// - Throws: `GraceError`
    func memory(of checkpoint: GraceCheckpoint) throws(GraceError) -> [MemoryPart] {
        let precision = precision ?? .automatic(for: checkpoint.base)
        do throws(TransformerError) {
            let configuration = try TransformerConfiguration(of: checkpoint.base)
            let weights = try TransformerWeights.byteCount(of: checkpoint.base, configuration, precision: precision)
            return [
                MemoryPart(name: LoadedBases.key(of: checkpoint.base, precision: precision), byteCount: weights),
                MemoryPart(
                    name: "the engine of \(checkpoint.identity.name)",
                    byteCount: GenerationEngine.byteCount(
                        of: configuration, precision: precision, limits: batchLimits, speculation: speculation)
                        + (checkpoint.adapter?.memoryByteCount ?? 0)),
            ]
        } catch {
            throw .transformer(error)
        }
    }

    /// Reads the weights and starts the engine.
    ///
    /// - Throws: `GraceError`
    func load(_ checkpoint: GraceCheckpoint) throws(GraceError) -> ServedModel {
        let model = try LoadedModel(checkpoint, precision: precision, bases: bases)
        return ServedModel(
            embedder: try Embedder(
                model: model, limits: batchLimits, maxInputTokens: maxInputTokens, workers: threads,
                speculation: speculation, turns: turns, sharing: sharing, observer: observer, onStep: onStep))
    }
}
