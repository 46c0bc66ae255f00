import ArgumentParser
import Checkpoints
import Foundation
import Grace
import JSON
import SystemPackage

/// A checkpoint as a directory that Hugging Face's libraries, and `grace-server`, load.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a checkpoint as a directory that Hugging Face's libraries load.",
        discussion: """
            The weights of a GGUF file are decoded, its tokenizer is spelled out; an adapter is added to the weights of \
            its base. grace.json comes along. What stands at the directory's path is replaced when all is on the disk.
            """)

    @Option(help: ArgumentHelp("The model that an adapter stands on; else the one beside it.", valueName: "path"))
    var base: String?

    @Option(help: ArgumentHelp("The weights' number format: f32, f16 or bf16.", valueName: "format"))
    var format = StoredNumber.float32

    @Option(help: ArgumentHelp("Bytes of one file's weights at most.", valueName: "bytes"))
    var shardSize = SafetensorsWriter.largestShard

    @Argument(help: "A .gguf file, or a directory with a model or an adapter.") var checkpoint: String
    @Argument(help: "The directory to write.") var directory: String

    func validate() throws {
        guard shardSize > 0 else { throw ValidationError("--shard-size must be at least 1") }
    }

    func run() throws {
        do throws(GraceError) {
            let source = try GraceCheckpoint(path: FilePath(checkpoint)) { name throws(GraceError) in
                base.map { FilePath($0) } ?? FilePath(checkpoint).removingLastComponent().appending(name)
            }
            let files = try ModelExport(of: source).files(format: format, shardSize: shardSize)
            let digests = try write(files, of: source)
            for digest in digests { print("\(digest.sha256)  \(digest.fileName)") }
        } catch {
            FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    private func write(_ files: [FileContents], of source: GraceCheckpoint) throws(GraceError) -> [FileDigest] {
        let old = source.manifest
        let origin: [String: JSONValue] = [
            "exported_from": .string(source.identity.name), "fingerprint": .string(source.identity.fingerprint),
        ]
        let manifest = GraceManifest(
            systemPrompt: source.settings.systemPrompt, generation: old?.generation ?? .init(),
            normalizes: old?.normalizes, prompts: old?.prompts ?? [:], canaries: old?.canaries ?? [],
            training: (old?.training ?? [:]).merging(origin) { $1 })
        do throws(CheckpointError) {
            return try CheckpointWriter.write(files, manifest: manifest, to: FilePath(directory))
        } catch {
            throw .checkpoint(error)
        }
    }
}

extension StoredNumber: ExpressibleByArgument {}
