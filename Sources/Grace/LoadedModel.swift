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

    /// The checkpoint's tokenizer, which also decodes rationales.
    package var tokenizer: Tokenizer { promptBuilder.tokenizer }

    /// The length of its vectors.
    package var dimensions: Int { transformer.configuration.hiddenSize }

    /// Tokens that prompt and rationale may have together.
    package var contextLength: Int { transformer.configuration.contextLength }

    /// Precision and kernels, which change a vector's last bits.
    package var compute: String { Compute.name(for: precision) }

    /// For example `llama`.
    package var architecture: String { transformer.configuration.architecture.rawValue }

    /// Reads everything. Blocks for as long as that takes: not for the cooperative pool.
    ///
    /// - Parameter precision: nil takes what suits the checkpoint and the processor.
    /// - Throws: `GraceError`, naming file, place and both values.
    package init(
        path: FilePath, settings: GraceSettings = GraceSettings(), precision: Precision? = .float32
    ) throws(GraceError) {
        let checkpoint: Checkpoint
        let tokenizerParts: TokenizerParts
        do throws(CheckpointError) {
            checkpoint = try Checkpoint(path: path)
            tokenizerParts = try TokenizerParts(of: checkpoint)
        } catch {
            throw .checkpoint(error)
        }
        self.precision = precision ?? .automatic(for: checkpoint)
        do throws(TransformerError) {
            let configuration = try TransformerConfiguration(of: checkpoint)
            transformer = Transformer(
                configuration: configuration,
                weights: try TransformerWeights(of: checkpoint, configuration, precision: self.precision))
        } catch {
            throw .transformer(error)
        }
        promptBuilder = try tokenizerParts.promptBuilder(checkpoint: checkpoint.name, settings: settings)
        stopTokens = try tokenizerParts.stopTokens(checkpoint: checkpoint.name, tokenizer: promptBuilder.tokenizer)
        let vocabularySize = promptBuilder.tokenizer.vocabularySize
        guard vocabularySize <= transformer.configuration.vocabularySize else {
            throw .vocabularyMismatch(
                checkpoint: checkpoint.name, tokenizer: vocabularySize,
                model: transformer.configuration.vocabularySize)
        }
        do throws(CheckpointError) {
            identity = ModelIdentity(
                name: checkpoint.name, fingerprint: try fingerprint(of: checkpoint, settings: settings))
        } catch {
            throw .checkpoint(error)
        }
    }
}

/// What a vector is known by: vectors of two identities must not be mixed.
package struct ModelIdentity: Sendable, Equatable, CustomStringConvertible {
    /// The checkpoint's directory or file name.
    package let name: String
    /// SHA-256 over weights, tokenizer, template and GRACE settings, in hexadecimal.
    package let fingerprint: String

    /// Takes both as they are; the fingerprint is 64 hexadecimal digits.
    package init(name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }

    /// `name@` and the first 12 digits of the fingerprint.
    package var description: String { "\(name)@\(fingerprint.prefix(12))" }
}

/// The digest of the digests of all files that define the model, under names that do not depend on what the files are
/// called, and of the settings that are not in a file.
private func fingerprint(of checkpoint: Checkpoint, settings: GraceSettings) throws(CheckpointError) -> String {
    var lines = checkpoint.digests.map { file in
        switch checkpoint.source {
        case .gguf: "model.gguf \(file.sha256)"
        case .huggingFace: "\(file.fileName) \(file.sha256)"
        }
    }
    lines.append("system-prompt \(try SHA256Digest(of: Array(settings.systemPrompt.utf8)))")
    return try SHA256Digest(of: Array(lines.joined(separator: "\n").utf8)).description
}
