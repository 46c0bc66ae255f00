import SystemPackage

/// A checkpoint's `grace.json` as it was read.
package struct GraceManifestFile: Sendable {
    /// The file, as the caller gave its directory.
    package let path: FilePath
    /// What it says.
    package let manifest: GraceManifest
    /// The digest of the very bytes that were read.
    package let digest: FileDigest

    /// Far above any manifest: canaries of a hundred vectors take 10 MB.
    private static let sizeLimit = 1 << 26

    /// Reads the file in a directory; nil if there is none.
    ///
    /// - Throws: what is wrong with it.
    package init?(directory: FilePath) throws(CheckpointError) {
        path = directory.appending(GraceManifest.fileName)
        guard try FileKind(path: directory) == .directory, try FileKind(path: path) != nil else { return nil }
        let file = try RegularFile(path: path)
        guard file.byteCount <= Self.sizeLimit else {
            throw .headerTooLong(file: path.string, found: UInt64(file.byteCount), limit: Self.sizeLimit)
        }
        let bytes = try file.bytes()
        manifest = try GraceManifest(parsing: bytes, file: path.string)
        digest = FileDigest(fileName: GraceManifest.fileName, sha256: try SHA256Digest(of: bytes))
    }

    /// Checks that the files are those that the manifest lists, if it lists any.
    ///
    /// - Throws: `digestMismatch`, `unlistedFile`, `listedFileMissing`.
    package func verify(_ digests: [FileDigest]) throws(CheckpointError) {
        guard let listed = manifest.files else { return }
        for file in digests {
            guard let expected = listed[file.fileName] else {
                throw .unlistedFile(manifest: path.string, fileName: file.fileName)
            }
            guard expected == file.sha256.description else {
                throw .digestMismatch(
                    path: path.removingLastComponent().appending(file.fileName).string, expected: expected,
                    found: file.sha256.description)
            }
        }
        for name in listed.keys.sorted() where !digests.contains(where: { $0.fileName == name }) {
            throw .listedFileMissing(manifest: path.string, fileName: name)
        }
    }

    /// Checks that the model below an adapter is the one that the manifest names.
    ///
    /// - Throws: `baseMismatch`; `baseWithoutAdapter` where there is no adapter.
    package func verify(base: Checkpoint, isBelowAdapter: Bool) throws(CheckpointError) {
        guard let reference = manifest.base else { return }
        guard isBelowAdapter else { throw .baseWithoutAdapter(manifest: path.string, base: reference.name) }
        guard let expected = reference.sha256, expected != base.filesDigest.description else { return }
        throw .baseMismatch(
            manifest: path.string, base: base.name, expected: expected, found: base.filesDigest.description)
    }
}
