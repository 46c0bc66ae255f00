import Foundation
import Grace
import SystemPackage

/// Where one checkpoint is.
package struct CheckpointLocation: Sendable, Equatable {
    /// What it is called: the entry of the directory, a file without `.gguf`.
    package let name: String
    /// The file, or the directory of its files.
    package let path: FilePath
    /// Whether it is in the directory of checkpoints, where others than the operator may install files; a path that the
    /// operator gives may lead anywhere.
    package let isInDirectory: Bool
}

/// Where checkpoints are found by name.
package struct ModelDirectory: Sendable {
    /// The directory; relative to the working directory unless it is absolute.
    package let path: FilePath

    /// Looks at nothing yet: the directory need not exist before a name is resolved.
    package init(path: FilePath) {
        self.path = path
    }

    /// The place of a checkpoint: of an entry of this directory with that name, or the path itself that `nameOrPath` is.
    /// What is wrong with a path, opening it says.
    ///
    /// - Throws: `GraceError.unknownModel`, with the names that there are.
    package func locate(_ nameOrPath: String) throws(GraceError) -> CheckpointLocation {
        if let location = location(ofName: nameOrPath) { return location }
        let path = FilePath(nameOrPath)
        let isPath = path.components.count != 1 || nameOrPath.hasPrefix("/")
        guard isPath || FileManager.default.fileExists(atPath: nameOrPath) else {
            throw .unknownModel(name: nameOrPath, directory: self.path.string, available: checkpoints().map(\.name))
        }
        return CheckpointLocation(name: Self.name(of: path), path: path, isInDirectory: false)
    }

    /// Opens a checkpoint and verifies its files.
    ///
    /// - Parameter settings: where the checkpoint has none of its own.
    /// - Throws: `GraceError`, `linkOutside` where a symbolic link leads out of this directory.
    package func open(_ location: CheckpointLocation, settings: GraceSettings) throws(GraceError) -> GraceCheckpoint {
        try checkLinks(of: location)
        return try GraceCheckpoint(path: location.path, settings: settings) { name throws(GraceError) in
            try base(named: name, of: location)
        }
    }

    /// What looks like checkpoints, in the order of the names: GGUF files, and directories with one, with a `config.json` or
    /// with an adapter.
    package func checkpoints() -> [CheckpointLocation] {
        Set(entries(of: path).map { FilePath($0) }.filter { !$0.string.hasPrefix(".") }.map(Self.name)).sorted()
            .compactMap(location(ofName:))
            .filter { location in
                let contents = entries(of: location.path)
                return location.path.extension == "gguf" || contents.contains { Self.markers.contains($0) }
                    || contents.contains { $0.hasSuffix(".gguf") }
            }
    }

    /// The base of an adapter: the entry of that name in this directory, or else beside an adapter that is elsewhere.
    ///
    /// - Throws: `GraceError.unknownBase`, with the names that there are.
    func base(named name: String, of adapter: CheckpointLocation) throws(GraceError) -> FilePath {
        if let base = location(ofName: name) {
            try checkLinks(of: base)
            return base.path
        }
        let sibling = adapter.path.removingLastComponent().appending(name)
        guard !adapter.isInDirectory, FileManager.default.fileExists(atPath: sibling.string) else {
            throw .unknownBase(
                name: name, adapter: adapter.name, directory: path.string, available: checkpoints().map(\.name))
        }
        return sibling
    }

    /// Checks that no symbolic link leads out of this directory, neither that of the checkpoint nor one in it.
    ///
    /// - Throws: `GraceError.linkOutside`
    func checkLinks(of location: CheckpointLocation) throws(GraceError) {
        guard location.isInDirectory else { return }
        let root = Self.realPath(path)
        let files = [location.path] + entries(of: location.path).sorted().map { location.path.appending($0) }
        for file in files {
            let target = Self.realPath(file)
            guard target.starts(with: root), target != root else {
                throw .linkOutside(path: file.string, target: target.string, directory: path.string)
            }
        }
    }

    private static let markers = ["config.json", "adapter_config.json"]

    private static func name(of path: FilePath) -> String {
        let last = path.lastComponent?.kind == .regular ? path : realPath(path)
        return (last.extension == "gguf" ? last.stem : last.lastComponent?.string) ?? path.string
    }

    private static func realPath(_ path: FilePath) -> FilePath {
        FilePath(URL(fileURLWithPath: path.string).resolvingSymlinksInPath().path)
    }

    private func location(ofName name: String) -> CheckpointLocation? {
        guard FilePath(name).components.count == 1, FilePath(name).lastComponent?.kind == .regular, !name.hasPrefix("/")
        else { return nil }
        for file in [name, name + ".gguf"] {
            let candidate = path.appending(file)
            if FileManager.default.fileExists(atPath: candidate.string) {
                return CheckpointLocation(name: Self.name(of: candidate), path: candidate, isInDirectory: true)
            }
        }
        return nil
    }

    /// Nothing where there is no directory: the caller asks what there is only to say so.
    private func entries(of directory: FilePath) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.string)
        } catch {
            return []
        }
    }
}
