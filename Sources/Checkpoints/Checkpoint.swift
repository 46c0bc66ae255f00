import Foundation
import SystemPackage

/// A model on disk: named tensors, and what its files say of architecture, tokenizer and chat template.
package struct Checkpoint: Sendable {
    /// The two layouts that are read.
    package enum Source: Sendable {
        /// One file with everything in it.
        case gguf(GGUFFile)
        /// A directory of the layout that `transformers` saves.
        case huggingFace(HuggingFaceDirectory)
    }

    /// The files that were opened.
    package let source: Source
    /// What the model is called: the directory's name, or the file's without `.gguf` if the path names the file.
    package let name: String
    /// The digest of each file that defines the model, by file name; of the bytes that were read here.
    package let digests: [FileDigest]

    /// Opens a `.gguf` file, a directory with `config.json`, or a directory with exactly one `.gguf` file.
    ///
    /// Reads every byte once for the digests.
    /// - Throws: what is wrong with the first file that is; `notACheckpoint`, `noModel` or `severalModels` if the path
    ///   leads to none.
    package init(path: FilePath) throws(CheckpointError) {
        switch try FileKind(path: path) {
        case .directory:
            name = Self.directoryName(path)
            if try FileKind(path: path.appending("config.json")) != nil {
                source = .huggingFace(try HuggingFaceDirectory(path: path))
            } else {
                source = .gguf(try GGUFFile(path: try Self.onlyGGUFFile(in: path)))
            }
        case .regular where path.extension != "gguf":
            throw .notACheckpoint(path: path.string)
        default:
            // Whatever else may stand here, opening it says what is wrong with it.
            name = path.stem ?? path.string
            source = .gguf(try GGUFFile(path: path))
        }
        digests = try Self.digests(of: source)
        let lines = Self.lines(of: digests, source).joined(separator: "\n")
        filesDigest = try SHA256Digest(of: Array(lines.utf8))
    }

    /// The tensors, under the names that the files give them.
    package var tensors: TensorSet {
        switch source {
        case .gguf(let file): TensorSet(file.tensors)
        case .huggingFace(let directory): directory.tensors
        }
    }

    /// The digest of all files that define the model, under names that do not depend on what the files are called.
    package let filesDigest: SHA256Digest

    /// Each file and its digest in a line, as ``filesDigest`` is made of.
    package var digestLines: [String] { Self.lines(of: digests, source) }

    private static func lines(of digests: [FileDigest], _ source: Source) -> [String] {
        digests.map { file in
            switch source {
            case .gguf: "model.gguf \(file.sha256)"
            case .huggingFace: "\(file.fileName) \(file.sha256)"
            }
        }
    }

    /// Checks that none of the files has been written to or replaced since it was opened: for whoever has read all that
    /// is needed, so that what was read is what `digests` are of.
    ///
    /// - Throws: `changedWhileRead`, `io`.
    package func checkUnchanged() throws(CheckpointError) {
        for file in documents + tensors.files {
            try file.checkUnchanged()
        }
    }

    /// The files that were read as a whole when the checkpoint was opened.
    private var documents: [RegularFile] {
        switch source {
        case .gguf: []
        case .huggingFace(let directory): directory.documents
        }
    }

    /// The last component of the path, or of what it stands for if that is `.` or `..`.
    package static func directoryName(_ path: FilePath) -> String {
        if let component = path.lastComponent, component.kind == .regular { return component.string }
        return URL(fileURLWithPath: path.string).standardizedFileURL.lastPathComponent
    }

    private static func onlyGGUFFile(in directory: FilePath) throws(CheckpointError) -> FilePath {
        let files = try DirectoryListing.names(in: directory).filter { FilePath($0).extension == "gguf" }
        guard let file = files.first else { throw .noModel(directory: directory.string) }
        guard files.count == 1 else { throw .severalModels(directory: directory.string, files: files) }
        return directory.appending(file)
    }

    private static func digests(of source: Source) throws(CheckpointError) -> [FileDigest] {
        switch source {
        case .gguf(let file):
            return [try FileDigest(of: file.tensors.file)]
        case .huggingFace(let directory):
            var digests = directory.documentDigests
            for file in directory.tensors.files {
                digests.append(try FileDigest(of: file))
            }
            return digests.sorted { $0.fileName < $1.fileName }
        }
    }
}
