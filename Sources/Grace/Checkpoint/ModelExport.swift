import Checkpoints
import JSON
import Tokenization
import Transformer

/// A checkpoint as a directory that Hugging Face's libraries load, whatever layout it came in; an adapter is added to the
/// weights of its base.
package struct ModelExport {
    private let checkpoint: GraceCheckpoint
    private let weights: ExportedWeights

    /// Reads the configuration; the weights are read while they are written.
    ///
    /// - Throws: `GraceError.transformer`, `.checkpoint`
    package init(of checkpoint: GraceCheckpoint) throws(GraceError) {
        self.checkpoint = checkpoint
        do throws(TransformerError) {
            let configuration = try TransformerConfiguration(of: checkpoint.base)
            weights = try ExportedWeights(of: checkpoint.base, configuration, adapter: checkpoint.adapter)
        } catch {
            throw .transformer(error)
        }
    }

    /// The files that define the model.
    ///
    /// The documents of a Hugging Face directory are copied byte by byte; those of a GGUF file are made of its metadata.
    /// - Parameters:
    ///   - format: how the weights are stored.
    ///   - shardSize: bytes of one file's tensors at most.
    ///   - replacements: numbers that take the place of the checkpoint's, by Hugging Face's name: what was trained.
    /// - Precondition: each name of a replacement is that of a tensor.
    /// - Throws: `GraceError`
    package func files(
        format: StoredNumber, shardSize: Int = SafetensorsWriter.largestShard,
        replacing replacements: [String: TensorSource.NumberReader] = [:]
    ) throws(GraceError) -> [FileContents] {
        let documents: [FileContents]
        switch checkpoint.base.source {
        case .huggingFace(let directory):
            do throws(CheckpointError) {
                documents = try directory.documentFiles()
            } catch {
                throw .checkpoint(error)
            }
        case .gguf(let file): documents = try self.documents(of: file, format: format)
        }
        do throws(TransformerError) {
            let tensors = try weights.tensors(as: format, replacing: replacements)
            return documents + SafetensorsWriter.modelFiles(tensors, shardSize: shardSize)
        } catch {
            throw .transformer(error)
        }
    }

    private func documents(of file: GGUFFile, format: StoredNumber) throws(GraceError) -> [FileContents] {
        let tokenizer: GGUFTokenizerExport
        do throws(CheckpointError) {
            tokenizer = try GGUFTokenizerExport(file)
        } catch {
            throw .checkpoint(error)
        }
        let configuration: [UInt8]
        do throws(TransformerError) {
            configuration = try weights.configuration(format: format, tokens: tokenizer.tokens)
        } catch {
            throw .transformer(error)
        }
        return [
            FileContents(name: "config.json", bytes: configuration),
            FileContents(name: "generation_config.json", bytes: tokenizer.generationConfiguration),
            FileContents(name: "tokenizer.json", bytes: try tokenizer.file(checkpoint: checkpoint.base.name)),
            FileContents(
                name: "tokenizer_config.json",
                bytes: tokenizer.configuration(contextLength: weights.contextLength)),
        ]
    }
}
