import Checkpoints
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Regular files")
struct RegularFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("The bytes of a file, of a range of it, and of an empty range are there")
    func bytes() throws {
        let file = try RegularFile(path: FilePath(try directory.write("hello", to: "file")))
        #expect(file.byteCount == 5)
        #expect(try file.bytes() == [UInt8]("hello".utf8))
        #expect(try file.bytes(1..<3) == [UInt8]("el".utf8))
        #expect(try file.bytes(5..<5) == [])
    }

    @Test("A file may be reached through a symbolic link")
    func symbolicLink() throws {
        let target = try directory.write("hello", to: "target")
        let link = "\(directory.path)/link"
        #expect(symlink(target, link) == 0)
        #expect(try RegularFile(path: FilePath(link)).bytes() == [UInt8]("hello".utf8))
    }

    @Test("A file can be read after its name is gone")
    func removedFile() throws {
        let path = try directory.write("hello", to: "file")
        let file = try RegularFile(path: FilePath(path))
        #expect(unlink(path) == 0)
        #expect(try file.bytes() == [UInt8]("hello".utf8))
    }

    @Test("A file that nobody has touched is unchanged, however often it is read")
    func unchanged() throws {
        let file = try RegularFile(path: FilePath(try directory.write("hello", to: "file")))
        _ = try file.bytes()
        try file.checkUnchanged()
    }

    @Test("A file that is truncated after it was opened cannot be read beyond its new end, and crashes nothing")
    func truncated() throws {
        let path = try directory.write([UInt8](repeating: 7, count: 100_000), to: "file")
        let file = try RegularFile(path: FilePath(path))
        #expect(truncate(path, 4096) == 0)
        #expect(try file.bytes(0..<4096) == [UInt8](repeating: 7, count: 4096))
        let error = #expect(throws: CheckpointError.self) { try file.bytes() }
        guard case .changedWhileRead(path, let opened, let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(opened.hasPrefix("100000 bytes, ") && found.hasPrefix("4096 bytes, "))
        #expect(error?.description.hasPrefix("\(path): the file has changed while it was read: it had 100000") == true)
        #expect(throws: CheckpointError.self) { try file.checkUnchanged() }
    }

    @Test("A file that is written over with as many bytes has changed", arguments: [0, 1])
    func overwritten(nanosecond: Int) throws {
        let path = try directory.write("hello", to: "file")
        let file = try RegularFile(path: FilePath(path))
        let stream = try #require(fopen(path, "r+"))
        #expect(fputs("HELLO", stream) >= 0)
        fclose(stream)
        // A clock may be too coarse to tell the two times apart: one is set that differs.
        var times = [timespec](repeating: timespec(tv_sec: 1_000_000_000, tv_nsec: nanosecond), count: 2)
        #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        #expect(throws: CheckpointError.self) { try file.checkUnchanged() }
        #expect(try file.bytes() == [UInt8]("HELLO".utf8))
    }

    @Test("A missing file is an error of the system call")
    func missing() throws {
        let path = "\(directory.path)/missing"
        let error = #expect(throws: CheckpointError.self) { try RegularFile(path: FilePath(path)) }
        #expect(error == .io(path: path, operation: "open", errno: ENOENT))
        #expect(error?.description == "\(path): cannot open: No such file or directory")
    }

    @Test("An empty file is refused")
    func empty() throws {
        let path = try directory.write([], to: "file")
        #expect(throws: CheckpointError.emptyFile(path: path)) { try RegularFile(path: FilePath(path)) }
    }

    @Test("A directory is refused")
    func directoryPath() throws {
        let path = directory.path
        #expect(throws: CheckpointError.notRegularFile(path: path, kind: "directory")) {
            try RegularFile(path: FilePath(path))
        }
    }

    @Test("A FIFO without a writer is refused and not waited for")
    func fifo() throws {
        let path = "\(directory.path)/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: CheckpointError.notRegularFile(path: path, kind: "FIFO")) {
            try RegularFile(path: FilePath(path))
        }
    }

    @Test("A device is refused")
    func device() {
        let error = #expect(throws: CheckpointError.self) { try RegularFile(path: "/dev/zero") }
        #expect(error?.description == "/dev/zero: expected a regular file, found a device or socket")
    }
}
