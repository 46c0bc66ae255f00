import Checkpoints
import SystemPackage
import Tensors
import Tokenization
import Transformer

/// A checkpoint ready to run: weights, tokenizer, template, settings and fingerprint. Immutable.
package struct LoadedModel: Sendable {
    /// What its vectors are known by.
    package let identity: ModelIdentity
    /// The number format of its weights.
    package let precision: Precision
    /// The decoder, its weights in the precision asked for.
    package let transformer: Transformer
    /// Makes this checkpoint's prompts; it holds tokenizer, template and system message.
    package let promptBuilder: GracePromptBuilder
    /// Tokens that end a rationale.
    package let stopTokens: Set<Tokenization.TokenID>
    /// What it decides where a request does not.
    package let defaults: RequestDefaults
    /// Texts whose vectors are known, of `grace.json`.
    package let canaries: [GraceManifest.CanaryText]
    /// Texts that a request can have put before its own, by name, of `grace.json`.
    package let prompts: [String: String]
    /// The name of the model that its adapter stands on; nil without an adapter.
    package let baseName: String?
    /// Kept in memory for whoever loads another adapter of it.
    private let base: LoadedBase

    /// The checkpoint's tokenizer, which also decodes rationales.
    package var tokenizer: Tokenizer { promptBuilder.tokenizer }

    /// The length of its vectors.
    package var dimensions: Int { transformer.configuration.hiddenSize }

    /// One more than the largest token that its tokenizer knows.
    package var vocabularySize: Int { tokenizer.vocabularySize }

    /// Tokens that prompt and rationale may have together.
    package var contextLength: Int { transformer.configuration.contextLength }

    /// Precision and kernels, which change a vector's last bits.
    package var compute: String { Compute.name(for: precision) }

    /// Whether a text's vector has the same bits whatever else is computed.
    package var isBatchInvariant: Bool { transformer.weights.areBatchInvariant }

    /// For example `llama`.
    package var architecture: String { transformer.configuration.architecture.rawValue }

    /// Reads everything that is not in memory yet. Blocks for as long as that takes: not for the cooperative pool.
    ///
    /// - Parameters:
    ///   - precision: nil takes what suits the checkpoint and the processor.
    ///   - bases: where adapters find a base that is in memory.
    /// - Throws: `GraceError`, naming file, place and both values.
    package init(
        _ checkpoint: GraceCheckpoint, precision: Precision? = nil, bases: LoadedBases = LoadedBases()
    ) throws(GraceError) {
        self.precision = precision ?? .automatic(for: checkpoint.base)
        base = try bases.base(of: checkpoint.base, precision: self.precision)
        if let adapter = checkpoint.adapter {
            do throws(TransformerError) {
                transformer = try base.transformer.adapted(by: adapter)
            } catch {
                throw .transformer(error)
            }
        } else {
            transformer = base.transformer
        }
        try checkpoint.checkUnchanged()
        identity = checkpoint.identity
        promptBuilder = base.promptBuilder.with(systemPrompt: checkpoint.settings.systemPrompt)
        stopTokens = base.stopTokens
        defaults = RequestDefaults(checkpoint.manifest)
        canaries = checkpoint.manifest?.canaries ?? []
        prompts = checkpoint.manifest?.prompts ?? [:]
        baseName = checkpoint.adapter == nil ? nil : checkpoint.base.name
    }

    /// Opens and reads a checkpoint.
    ///
    /// - Throws: `GraceError`, naming file, place and both values.
    package init(
        path: FilePath, settings: GraceSettings = GraceSettings(), precision: Precision? = .float32
    ) throws(GraceError) {
        try self.init(GraceCheckpoint(path: path, settings: settings), precision: precision)
    }
}
