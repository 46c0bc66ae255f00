import SystemPackage

/// Directories that are written whole or not at all, whatever ends the writing: see docs/decisions/durable-checkpoints.md.
package enum DurableDirectory {
    /// Writes a directory in the place of whatever directory has its name.
    ///
    /// At every moment the name stands for all old files or all new ones; when the call returns, the disk has the new ones.
    /// Leftovers of writings that were cut off, of this name or others, are cleared away first. One writer a name.
    /// - Precondition: no two files have one name.
    /// - Returns: the digests of the files, in their order.
    /// - Throws: `io`, `digestUnavailable`, and what the files' writers throw. The old directory is as it was then.
    @discardableResult
    package static func write(_ files: [FileContents], to path: FilePath) throws(CheckpointError) -> [FileDigest] {
        var replacement = try DirectoryReplacement(of: path, files: files)
        try recover(in: replacement.parent)
        do throws(CheckpointError) {
            while !replacement.steps.isEmpty {
                try replacement.performNext()
            }
        } catch {
            replacement.abandon()
            throw error
        }
        return replacement.digests
    }

    /// Clears away what writings that were cut off left in a directory, and gives its name back to what one had moved away.
    /// To be called where a program starts; what is being written meanwhile is left alone.
    ///
    /// - Returns: the names of the directories that a writing had been cut off of.
    /// - Throws: `io`.
    @discardableResult
    package static func recover(in directory: FilePath) throws(CheckpointError) -> [String] {
        var recovered: [String] = []
        for leftover in Set(try DirectoryListing.names(in: directory).compactMap(LeftoverName.init(parsing:)))
            .sorted(by: { ($0.name, $0.identifier) < ($1.name, $1.identifier) })
        where try !WritingLock.isHeld(directory.appending(leftover.partial)) {
            try recover(leftover, in: directory)
            recovered.append(leftover.name)
        }
        return recovered
    }

    /// Undoes or completes one writing.
    ///
    /// - Throws: `io`.
    static func recover(_ leftover: LeftoverName, in directory: FilePath) throws(CheckpointError) {
        let path = directory.appending(leftover.name)
        let previous = directory.appending(leftover.previous)
        if try FileKind(path: previous) != nil, try FileKind(path: path) == nil {
            try DirectoryCalls.rename(previous, to: path)
            try DirectoryCalls.sync(directory)
        }
        try DirectoryListing.remove(previous)
        try DirectoryListing.remove(directory.appending(leftover.partial))
    }
}

/// What a directory is called while it is written, and the old one while it is replaced. The dot hides both from whoever
/// lists checkpoints.
struct LeftoverName: Hashable {
    /// The name that is written.
    let name: String
    /// Tells one writing from another.
    let identifier: UInt64

    init(name: String, identifier: UInt64) {
        self.name = name
        self.identifier = identifier
    }

    /// The name of either; nil for any other.
    init?(parsing entry: String) {
        guard entry.hasPrefix("."), let dash = entry.lastIndex(of: "-"),
            let identifier = UInt64(entry[entry.index(after: dash)...], radix: 16)
        else { return nil }
        let stem = entry[..<dash].dropFirst()
        guard let marker = ["partial", "previous"].first(where: { stem.hasSuffix(".\($0)") }) else { return nil }
        self.init(name: String(stem.dropLast(marker.count + 1)), identifier: identifier)
        // Nothing but what is written here, to the letter.
        guard !name.isEmpty, entry == partial || entry == previous else { return nil }
    }

    /// The new directory, until it is whole.
    var partial: String { ".\(name).partial-\(digits)" }

    /// The old directory, until the new one is in its place.
    var previous: String { ".\(name).previous-\(digits)" }

    private var digits: String {
        let digits = String(identifier, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
