import Checkpoints
import SystemPackage

/// A GRACE checkpoint on disk, its files opened and verified: a model, or an adapter and the model that it stands on, and
/// what `grace.json` says of it. Its weights are not read yet.
package struct GraceCheckpoint: Sendable {
    /// Finds the checkpoint of a name: the base of an adapter.
    package typealias BaseFinder = (_ name: String) throws(GraceError) -> FilePath

    /// What its vectors will be known by.
    package let identity: ModelIdentity
    /// The model; of an adapter, the one that it stands on.
    package let base: Checkpoint
    /// What is added to the base's weights.
    package let adapter: LoRAAdapter?
    /// The system message, of `grace.json` if that gives one.
    package let settings: GraceSettings
    /// What `grace.json` says, if there is one.
    package let manifest: GraceManifest?

    /// Opens a checkpoint, and reads every byte of it for the fingerprint.
    ///
    /// - Parameters:
    ///   - path: a `.gguf` file, or a directory with a model or with an adapter.
    ///   - settings: where the checkpoint has none of its own.
    ///   - findBase: where the base of an adapter is; by default beside the adapter.
    /// - Throws: `GraceError`, naming file, place and both values.
    package init(
        path: FilePath, settings: GraceSettings = GraceSettings(), findBase: BaseFinder? = nil
    ) throws(GraceError) {
        let manifestFile = try checkpointErrors { () throws(CheckpointError) in try GraceManifestFile(directory: path) }
        manifest = manifestFile?.manifest
        adapter = try checkpointErrors { () throws(CheckpointError) in try LoRAAdapter(ifPresentIn: path) }
        let basePath: FilePath
        if let adapter {
            let name = try checkpointErrors { () throws(CheckpointError) in
                try adapter.baseName(accordingTo: manifestFile)
            }
            basePath =
                try findBase.map { find throws(GraceError) in try find(name) }
                ?? path.removingLastComponent().appending(name)
        } else {
            basePath = path
        }
        base = try checkpointErrors { () throws(CheckpointError) in try Checkpoint(path: basePath) }
        self.settings = GraceSettings(systemPrompt: manifest?.systemPrompt ?? settings.systemPrompt)
        identity = try Self.identity(path, base, adapter, manifestFile, self.settings)
    }

    /// The digest of the model's files, by which the `grace.json` of an adapter names its base.
    package var baseDigest: String { base.filesDigest.description }

    /// Makes the checkpoint's prompts, for whoever needs no weights.
    ///
    /// - Throws: `GraceError`, naming file, place and both values.
    package func promptBuilder() throws(GraceError) -> GracePromptBuilder {
        let parts = try checkpointErrors { () throws(CheckpointError) in try TokenizerParts(of: base) }
        return try parts.promptBuilder(checkpoint: base.name, settings: settings)
    }

    /// Checks that no file was written to since it was opened: that what was read is what the fingerprint is made of.
    ///
    /// - Throws: `GraceError.checkpoint`
    package func checkUnchanged() throws(GraceError) {
        try checkpointErrors { () throws(CheckpointError) in
            try base.checkUnchanged()
            try adapter?.checkUnchanged()
        }
    }

    /// Verifies the files against the manifest, and makes the fingerprint: the digest of the digests of all files that define
    /// the checkpoint, and of the settings that are not in a file.
    private static func identity(
        _ path: FilePath, _ base: Checkpoint, _ adapter: LoRAAdapter?, _ manifest: GraceManifestFile?,
        _ settings: GraceSettings
    ) throws(GraceError) -> ModelIdentity {
        try checkpointErrors { () throws(CheckpointError) in
            try manifest?.verify(adapter?.digests ?? base.digests)
            try manifest?.verify(base: base, isBelowAdapter: adapter != nil)
            var lines = base.digestLines
            lines += (adapter?.digests ?? []).map { "\($0.fileName) \($0.sha256)" }
            lines += [manifest?.digest].compactMap { $0 }.map { "\($0.fileName) \($0.sha256)" }
            lines.append("system-prompt \(try SHA256Digest(of: Array(settings.systemPrompt.utf8)))")
            return ModelIdentity(
                name: adapter == nil ? base.name : Checkpoint.directoryName(path),
                fingerprint: try SHA256Digest(of: Array(lines.joined(separator: "\n").utf8)).description)
        }
    }
}

/// What a vector is known by: vectors of two identities must not be mixed.
package struct ModelIdentity: Sendable, Equatable, CustomStringConvertible {
    /// The checkpoint's directory or file name.
    package let name: String
    /// SHA-256 over weights, adapter, tokenizer, template and GRACE settings, in hexadecimal.
    package let fingerprint: String

    /// Takes both as they are; the fingerprint is 64 hexadecimal digits.
    package init(name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }

    /// `name@` and the first 12 digits of the fingerprint.
    package var description: String { "\(name)@\(fingerprint.prefix(12))" }
}

/// Runs what reads files.
private func checkpointErrors<Value>(_ read: () throws(CheckpointError) -> Value) throws(GraceError) -> Value {
    do throws(CheckpointError) {
        return try read()
    } catch {
        throw .checkpoint(error)
    }
}
