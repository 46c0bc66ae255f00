import SystemPackage

/// A directory that is being written beside its name, to take that name when all of it is on the disk.
///
/// A list of steps, performed one by one: between any two of them the process may end. Whatever is left then,
/// `DurableDirectory.recover` clears away.
package struct DirectoryReplacement {
    /// One system call or one file.
    package enum Step: Equatable, Sendable {
        /// Makes an empty directory.
        case create(FilePath)
        /// Writes a file and waits until the disk has it.
        case writeFile(FilePath)
        /// Waits until the disk has a directory's entries.
        case sync(FilePath)
        /// Gives a directory another name.
        case rename(FilePath, to: FilePath)
        /// Two directories change names: at no time is there none of either name.
        case exchange(FilePath, FilePath)
        /// Removes a directory and all that is in it.
        case remove(FilePath)
    }

    /// What is left to do, in this order.
    package private(set) var steps: [Step]
    /// The digests of the files that are written, in the order of writing.
    package private(set) var digests: [FileDigest] = []
    private let names: LeftoverName
    private let path: FilePath
    /// The directory that the name is in.
    let parent: FilePath
    private let files: [FileContents]
    private var lock: WritingLock?
    /// Whether the name is taken: what is left after that is not to be undone.
    private var isInPlace = false

    /// Plans the writing of a directory; nothing is done yet.
    ///
    /// - Parameters:
    ///   - path: the name; what stands there is replaced.
    ///   - identifier: tells this writing from others of the same name.
    ///   - exchanges: whether the file system may be asked to let two names change places. If it cannot, the old directory is
    ///     moved away first.
    /// - Precondition: no two files have one name.
    /// - Throws: `io` where the path has no name at its end, or something else than a directory stands there.
    package init(
        of path: FilePath, files: [FileContents], identifier: UInt64 = .random(in: 0...(.max)), exchanges: Bool = true
    ) throws(CheckpointError) {
        guard let name = path.lastComponent, name.kind == .regular else {
            throw .io(path: path.string, operation: "replace", errno: Errno.invalidArgument.rawValue)
        }
        precondition(Set(files.map(\.name)).count == files.count, "two files of one name")
        let found = try FileKind(path: path)
        guard found == nil || found == .directory else {
            throw .io(path: path.string, operation: "replace", errno: Errno.notDirectory.rawValue)
        }
        self.path = path
        self.files = files
        let directory = path.removingLastComponent()
        parent = directory.isEmpty ? "." : directory
        names = LeftoverName(name: name.string, identifier: identifier)
        let partial = parent.appending(names.partial)
        steps =
            [.create(partial)] + files.map { .writeFile(partial.appending($0.name)) } + [.sync(partial)]
            + Self.placement(
                of: partial, at: path, in: parent, replacing: found != nil,
                previous: exchanges ? nil : parent.appending(names.previous))
    }

    /// How a whole directory comes to its name.
    ///
    /// - Parameter previous: where to move the old directory; nil lets the two change places.
    private static func placement(
        of partial: FilePath, at path: FilePath, in parent: FilePath, replacing: Bool, previous: FilePath?
    ) -> [Step] {
        guard replacing else { return [.rename(partial, to: path), .sync(parent)] }
        guard let previous else { return [.exchange(partial, path), .sync(parent), .remove(partial)] }
        return [.rename(path, to: previous), .rename(partial, to: path), .sync(parent), .remove(previous)]
    }

    /// Performs the first of the steps that are left.
    ///
    /// - Precondition: there is one.
    /// - Throws: `io`, `digestUnavailable`, and what the files' writers throw. The step is still the first one then.
    package mutating func performNext() throws(CheckpointError) {
        let step = steps[0]
        switch step {
        case .create(let directory):
            try DirectoryCalls.create(directory)
            lock = try WritingLock(directory)
        case .writeFile(let file):
            let contents = files[digests.count]
            let writer = try FileWriter(creating: file)
            try contents.write(writer, digests)
            digests.append(FileDigest(fileName: contents.name, sha256: try writer.finish()))
        case .sync(let directory): try DirectoryCalls.sync(directory)
        case .rename(let from, let to): try DirectoryCalls.rename(from, to: to)
        case .exchange(let partial, let old):
            guard try DirectoryCalls.exchange(partial, old) else {
                steps = Self.placement(
                    of: partial, at: path, in: parent, replacing: true, previous: parent.appending(names.previous))
                return
            }
        case .remove(let directory): try DirectoryListing.remove(directory)
        }
        switch step {
        case .exchange, .rename(_, to: path): isInPlace = true
        default: break
        }
        steps.removeFirst()
    }

    /// Clears away what is half done, after a step that failed.
    ///
    /// Errors are left aside: the one that brought us here says more, and the next start clears away what remains.
    package mutating func abandon() {
        lock = nil
        // The old directory may be the one that a crash brings back; it goes when the next writing has found all in order.
        guard !isInPlace else { return }
        do throws(CheckpointError) {
            try DurableDirectory.recover(names, in: parent)
        } catch {
            return
        }
    }
}
