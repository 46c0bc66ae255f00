import Foundation
import SystemPackage

/// Where checkpoints are found by name.
package struct ModelDirectory: Sendable {
    /// The directory; relative to the working directory unless it is absolute.
    package let path: FilePath

    /// Looks at nothing yet: the directory need not exist before a name is resolved.
    package init(path: FilePath) {
        self.path = path
    }

    /// The path of a checkpoint: of an entry of this directory with that name, or the path itself that `name` is. What
    /// is wrong with a path, opening it says.
    ///
    /// - Throws: `GraceError.unknownModel`, with the names that there are.
    package func resolve(_ name: String) throws(GraceError) -> FilePath {
        guard FilePath(name).components.count == 1, !name.hasPrefix("/") else { return FilePath(name) }
        for candidate in [path.appending(name), path.appending(name + ".gguf"), FilePath(name)]
        where FileManager.default.fileExists(atPath: candidate.string) {
            return candidate
        }
        throw .unknownModel(name: name, directory: path.string, available: available())
    }

    /// The names of what looks like checkpoints: GGUF files, directories that hold one, and directories with a
    /// `config.json`.
    private func available() -> [String] {
        entries(of: path).compactMap { entry in
            let candidate = path.appending(entry)
            if candidate.extension == "gguf" { return candidate.stem }
            guard !entry.hasPrefix(".") else { return nil }
            let contents = entries(of: candidate)
            return contents.contains { $0 == "config.json" || $0.hasSuffix(".gguf") } ? entry : nil
        }.sorted()
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
