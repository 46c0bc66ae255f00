import SystemPackage

/// Writes checkpoints that `Checkpoint` and `LoRAAdapter` read, each in a directory of its own, whole or not at all.
package enum CheckpointWriter {
    /// Writes the files of a model or an adapter, `grace.json` that lists them, and others.
    ///
    /// - Parameters:
    ///   - files: those that define the checkpoint; see `LoRAAdapterSource.files` and `SafetensorsWriter.modelFiles`.
    ///   - others: what lies beside, for example what a training goes on from; not part of the fingerprint.
    ///   - path: the directory, which is replaced if it is there.
    /// - Precondition: no two files have one name.
    /// - Returns: the digests of all files, in the order of writing.
    /// - Throws: `io`, `digestUnavailable`, `numberNotStorable`, what is wrong with the manifest, what the sources throw. What
    ///   stood at the path is as it was then.
    @discardableResult
    package static func write(
        _ files: [FileContents], manifest: GraceManifest,
        beside others: [FileContents] = [], to path: FilePath
    ) throws(CheckpointError) -> [FileDigest] {
        try DurableDirectory.write(files + [manifest.file] + others, to: path)
    }
}

extension HuggingFaceDirectory {
    /// The small files as they are, byte by byte: for a checkpoint that has the same shape and other weights.
    ///
    /// - Throws: `io`, `changedWhileRead`.
    package func documentFiles() throws(CheckpointError) -> [FileContents] {
        var files: [FileContents] = []
        for document in documents {
            guard let name = document.path.lastComponent?.string, name != SafetensorsIndex.fileName else { continue }
            files.append(FileContents(name: name, bytes: try document.bytes()))
            try document.checkUnchanged()
        }
        return files
    }
}
