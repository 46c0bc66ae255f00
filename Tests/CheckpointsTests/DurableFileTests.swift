import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Files that take the place of others")
struct DurableFileTests {
    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    private func text(_ directory: TemporaryDirectory) throws -> String {
        try String(contentsOfFile: "\(directory.path)/file", encoding: .utf8)
    }

    @Test("Until all is written the old file stands, then the new one", arguments: [10, 300_000])
    func replaces(size: Int) throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", to: "file")
        let file = try DurableFile(replacing: FilePath("\(directory.path)/file"), reserving: 3)
        try file.write([UInt8](repeating: 0x78, count: size))
        #expect(try text(directory) == "old")
        #expect(file.byteCount == size)
        try file.commit(beginning: Array("new".utf8))
        #expect(try text(directory) == "new" + String(repeating: "x", count: size))
        #expect(try names(directory) == ["file"])
    }

    @Test("What is given up leaves nothing")
    func givenUp() throws {
        let directory = try TemporaryDirectory()
        do {
            let file = try DurableFile(replacing: FilePath("\(directory.path)/file"))
            try file.write([UInt8](repeating: 0x78, count: 300_000))
            #expect(try names(directory).count == 1)
        }
        #expect(try names(directory) == [])
    }

    @Test("A name may have any length", arguments: [1, 200, 255])
    func paths(length: Int) throws {
        let directory = try TemporaryDirectory()
        let name = String(repeating: "n", count: length)
        let file = try DurableFile(replacing: FilePath("\(directory.path)/\(name)"))
        try file.commit()
        #expect(try names(directory) == [name])
    }

    @Test("A device is not replaced")
    func device() {
        #expect(throws: CheckpointError.notRegularFile(path: "/dev/null", kind: "device or socket")) {
            try DurableFile(replacing: "/dev/null")
        }
    }

    @Test("A directory that has taken the name is an error, and stays")
    func directoryInTheWay() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/file"
        let file = try DurableFile(replacing: FilePath(path))
        _ = try directory.makeDirectory("file")
        let error = #expect(throws: CheckpointError.self) { try file.commit() }
        #expect(error?.description == "\(path): cannot replace: Is a directory")
    }
}
