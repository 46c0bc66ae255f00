import Checkpoints
import Confinement
import Tokenization
import Transformer

/// A model's weights and vocabulary in memory, apart from what an adapter or `grace.json` makes of it. Immutable.
package final class LoadedBase: Sendable {
    /// The model as it is without an adapter.
    let transformer: Transformer
    /// Its tokenizer and template, with the published system message.
    let promptBuilder: GracePromptBuilder
    /// Tokens that end a turn.
    let stopTokens: Set<Tokenization.TokenID>

    /// Reads everything. Blocks for as long as that takes: not for the cooperative pool.
    ///
    /// - Throws: `GraceError`, naming file, place and both values.
    init(_ checkpoint: Checkpoint, precision: Precision) throws(GraceError) {
        let tokenizerParts: TokenizerParts
        do throws(CheckpointError) {
            tokenizerParts = try TokenizerParts(of: checkpoint)
        } catch {
            throw .checkpoint(error)
        }
        do throws(TransformerError) {
            let configuration = try TransformerConfiguration(of: checkpoint)
            transformer = Transformer(
                configuration: configuration,
                weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
        } catch {
            throw .transformer(error)
        }
        promptBuilder = try tokenizerParts.promptBuilder(checkpoint: checkpoint.name, settings: GraceSettings())
        stopTokens = try tokenizerParts.stopTokens(checkpoint: checkpoint.name, tokenizer: promptBuilder.tokenizer)
        let vocabularySize = promptBuilder.tokenizer.vocabularySize
        guard vocabularySize <= transformer.configuration.vocabularySize else {
            throw .vocabularyMismatch(
                checkpoint: checkpoint.name, tokenizer: vocabularySize,
                model: transformer.configuration.vocabularySize)
        }
    }
}

/// The bases in memory: adapters of one base share its weights.
///
/// It keeps none alive: a base goes with the last model that stands on it.
package final class LoadedBases: Sendable {
    private struct Weak {
        weak var base: LoadedBase?
    }

    private let bases = Confined<[String: Weak]>([:])

    /// No base.
    package init() {}

    /// What a base in memory is known by.
    package static func key(of checkpoint: Checkpoint, precision: Precision) -> String {
        "\(checkpoint.filesDigest) \(precision.rawValue)"
    }

    /// The base of these files in this precision that is in memory, or a new one. Of two calls at once that find none, each
    /// reads its own.
    ///
    /// - Throws: `GraceError`
    func base(of checkpoint: Checkpoint, precision: Precision) throws(GraceError) -> LoadedBase {
        let key = Self.key(of: checkpoint, precision: precision)
        if let base = bases.withState({ $0[key]?.base }) { return base }
        let base = try LoadedBase(checkpoint, precision: precision)
        bases.withState { bases in
            bases = bases.filter { $0.value.base != nil }
            bases[key] = Weak(base: base)
        }
        return base
    }
}
