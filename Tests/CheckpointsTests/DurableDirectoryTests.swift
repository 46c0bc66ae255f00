import Checkpoints
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// A directory of which it can be told whether it is whole: the last file holds the digests of the others.
private enum Whole {
    static func files(_ version: Int, count: Int = 3) -> [FileContents] {
        (0..<count).map { index in
            FileContents(name: "part-\(index)", bytes: Array("version \(version) of part \(index)".utf8))
        } + [
            FileContents(name: "digests") { file, digests throws(CheckpointError) in
                let lines = ["version \(version)"] + digests.map { "\($0.fileName) \($0.sha256)" }
                try file.write(Array(lines.joined(separator: "\n").utf8))
            }
        ]
    }

    /// The version that a directory holds; nil if there is none. Records an issue where it is not whole.
    static func version(at path: FilePath) throws -> Int? {
        guard FileManager.default.fileExists(atPath: path.string) else { return nil }
        let lines = String(decoding: try RegularFile(path: path.appending("digests")).bytes(), as: UTF8.self)
            .split(separator: "\n")
        for line in lines.dropFirst() {
            let words = line.split(separator: " ")
            let bytes = try RegularFile(path: path.appending(String(words[0]))).bytes()
            #expect(try SHA256Digest(of: bytes).description == words[1])
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path.string)
        #expect(names.count == lines.count)
        return Int(try #require(lines.first).dropFirst("version ".count))
    }
}

/// A writing that ends where a test wants, as a killed process does: the value goes, and its lock with it.
private final class Writing {
    private var replacement: DirectoryReplacement

    init(_ files: [FileContents], to path: FilePath, exchanges: Bool = true, identifier: UInt64 = 1) throws {
        replacement = try DirectoryReplacement(of: path, files: files, identifier: identifier, exchanges: exchanges)
    }

    var steps: [DirectoryReplacement.Step] { replacement.steps }

    /// Performs so many steps, or all that are left.
    func perform(_ count: Int = .max) throws {
        for _ in 0..<min(count, replacement.steps.count) {
            try replacement.performNext()
        }
    }
}

private func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

@Suite("Durable directories")
struct DurableDirectoryTests {
    @Test("A directory is written, and written again in its own place")
    func replacing() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/model")
        let digests = try DurableDirectory.write(Whole.files(1), to: path)
        #expect(digests.map(\.fileName) == ["part-0", "part-1", "part-2", "digests"])
        #expect(digests[0].sha256 == (try SHA256Digest(of: Array("version 1 of part 0".utf8))))
        #expect(try Whole.version(at: path) == 1)
        try DurableDirectory.write(Whole.files(2, count: 1), to: path)
        #expect(try Whole.version(at: path) == 2)
        #expect(try names(in: directory.path) == ["model"])
    }

    @Test(
        "Files are on the disk before their directory is, it before it has its name, and that before the old one goes")
    func steps() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/model")
        let partial = FilePath("\(directory.path)/.model.partial-00000000000000ff")
        let previous = FilePath("\(directory.path)/.model.previous-00000000000000ff")
        let files = [FileContents(name: "a", bytes: [1]), FileContents(name: "b", bytes: [2])]
        let parent = FilePath(directory.path)
        let writing: [DirectoryReplacement.Step] = [
            .create(partial), .writeFile(partial.appending("a")), .writeFile(partial.appending("b")), .sync(partial),
        ]
        func steps(exchanges: Bool = true) throws -> [DirectoryReplacement.Step] {
            try DirectoryReplacement(of: path, files: files, identifier: 255, exchanges: exchanges).steps
        }
        #expect(try steps() == writing + [.rename(partial, to: path), .sync(parent)])
        _ = try directory.makeDirectory("model")
        #expect(try steps() == writing + [.exchange(partial, path), .sync(parent), .remove(partial)])
        #expect(
            try steps(exchanges: false)
                == writing + [
                    .rename(path, to: previous), .rename(partial, to: path), .sync(parent), .remove(previous),
                ])
    }

    @Test(
        "A process may end before any step: the directory is whole, and the next start clears up",
        arguments: [false, true], [false, true])
    func interruption(isThere: Bool, exchanges: Bool) throws {
        var count = 0
        var isOver = false
        while !isOver {
            let directory = try TemporaryDirectory()
            let path = FilePath("\(directory.path)/model")
            if isThere { try DurableDirectory.write(Whole.files(1), to: path) }
            isOver = try performSome(count, of: Whole.files(2), to: path, exchanges: exchanges) == 0
            // A reader that comes before the next start; only a file system that cannot exchange names has a moment of none.
            let before = try Whole.version(at: path)
            #expect(before != nil || !isThere || !exchanges)
            let leftovers = try names(in: directory.path).filter { $0 != "model" }
            let recovered = try DurableDirectory.recover(in: FilePath(directory.path))
            #expect(recovered == (leftovers.isEmpty ? [] : ["model"]))
            #expect(try names(in: directory.path).allSatisfy { $0 == "model" })
            let after = try Whole.version(at: path)
            #expect(after == (before ?? (isThere ? 1 : nil)))
            #expect(!isOver || after == 2 && leftovers.isEmpty)
            // And the next writing goes on.
            try DurableDirectory.write(Whole.files(3), to: path)
            #expect(try Whole.version(at: path) == 3)
            count += 1
        }
        // Creation, four files, their directory, the name's two to four steps.
        #expect(count == 1 + 6 + (isThere ? exchanges ? 3 : 4 : 2))
    }

    /// Its process ends while it is written.
    private var cutOffFile: FileContents {
        FileContents(name: "part-x") { file, _ throws(CheckpointError) in
            try file.write([1, 2, 3])
            throw .io(path: "here", operation: "go on", errno: EINTR)
        }
    }

    /// The number of steps that are left after some, and after their process has ended.
    private func performSome(
        _ count: Int, of files: [FileContents], to path: FilePath, exchanges: Bool
    ) throws -> Int {
        let writing = try Writing(files, to: path, exchanges: exchanges)
        try writing.perform(count)
        return writing.steps.count
    }

    @Test("A process may end again and again, within files too")
    func repeatedInterruption() throws {
        var generator = SeededGenerator(seed: 3)
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/model")
        var newest: Int?
        for version in 0..<300 {
            let exchanges = Bool.random(using: &generator)
            try DurableDirectory.recover(in: FilePath(directory.path))
            #expect(try Whole.version(at: path) == newest)
            let cutOff = Int.random(in: 0..<5, using: &generator)
            let files = Whole.files(version).enumerated().map { $0.offset == cutOff ? cutOffFile : $0.element }
            let count = Int.random(in: 0...10, using: &generator)
            let rest = try? performSome(count, of: files, to: path, exchanges: exchanges)
            // In its place from the renaming on, two steps before the end, or three where something is to be removed.
            if let rest, rest < (newest == nil ? 2 : 3) { newest = version }
        }
        #expect(newest != nil)
    }

    @Test("A full disk is an error that names the file, and the old directory stays")
    func fullDisk() throws {
        let full = open("/dev/full", O_WRONLY)
        let writer = try FileWriter(descriptor: full, path: "model/weights")
        #expect(throws: CheckpointError.io(path: "model/weights", operation: "write", errno: ENOSPC)) {
            try writer.write([1, 2, 3])
        }
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/model")
        try DurableDirectory.write(Whole.files(1), to: path)
        let fills = FileContents(name: "weights") { file, _ throws(CheckpointError) in
            try file.write([1])
            try FileWriter(descriptor: open("/dev/full", O_WRONLY), path: file.path).write([1])
        }
        let error = #expect(throws: CheckpointError.self) {
            try DurableDirectory.write(Whole.files(2) + [fills], to: path)
        }
        #expect(error?.description.hasSuffix("/weights: cannot write: No space left on device") == true)
        #expect(try Whole.version(at: path) == 1)
        #expect(try names(in: directory.path) == ["model"])
    }

    @Test("What another process is writing is left alone, and what only looks like a leftover")
    func others() throws {
        let directory = try TemporaryDirectory()
        let parent = FilePath(directory.path)
        let writing = try Writing(Whole.files(1), to: parent.appending("model"), identifier: 9)
        try writing.perform(1)
        let foreign = [
            ".model.partial-xyz", ".model.partial-9", ".partial-0000000000000009", "model.partial-0000000000000009",
            ".model.partial-000000000000000A", ".model.other-0000000000000009", ".model.partial-00000000000000009",
        ]
        for name in foreign { _ = try directory.makeDirectory(name) }
        #expect(try DurableDirectory.recover(in: parent) == [])
        #expect(try names(in: directory.path) == (foreign + [".model.partial-0000000000000009"]).sorted())
        try writing.perform()
        #expect(try Whole.version(at: parent.appending("model")) == 1)
    }

    @Test(
        "A path that is no directory's is refused",
        arguments: [
            ("file", "replace: Not a directory"), ("file/x", "examine: Not a directory"),
            ("..", "replace: Invalid argument"), ("none/x", "list: No such file or directory"),
        ])
    func refusals(name: String, message: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("text", to: "file")
        let path = FilePath("\(directory.path)/\(name)")
        let error = #expect(throws: CheckpointError.self) { try DurableDirectory.write(Whole.files(1), to: path) }
        #expect(error?.description.hasSuffix("cannot \(message)") == true, "\(error as Any)")
        #expect(try names(in: directory.path) == ["file"])
    }

    @Test("A file is replaced whole")
    func durableFile() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/report")
        try DurableFile.write([1], to: path)
        try DurableFile.write([2, 3], to: path)
        #expect(try RegularFile(path: path).bytes() == [2, 3])
        // What a process left that ended while it wrote the file.
        try directory.write([9], to: ".report.partial-0000000000000001")
        #expect(try DurableDirectory.recover(in: FilePath(directory.path)) == ["report"])
        #expect(try names(in: directory.path) == ["report"])
        #expect(throws: CheckpointError.self) { try DurableFile.write([1], to: path.appending("x")) }
    }
}
