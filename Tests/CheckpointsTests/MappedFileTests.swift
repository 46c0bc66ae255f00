import Checkpoints
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Mapped files")
struct MappedFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("The bytes of a file, of a range of it, and of an empty range are there")
    func bytes() throws {
        let file = try MappedFile(path: FilePath(try directory.write("hello", to: "file")))
        #expect(file.byteCount == 5)
        #expect(file.bytes() == [UInt8]("hello".utf8))
        #expect(file.bytes(1..<3) == [UInt8]("el".utf8))
        #expect(file.bytes(5..<5) == [])
        #expect(file.withBytes(4..<5) { $0[0] } == UInt8(ascii: "o"))
    }

    @Test("A file may be reached through a symbolic link")
    func symbolicLink() throws {
        let target = try directory.write("hello", to: "target")
        let link = "\(directory.path)/link"
        #expect(symlink(target, link) == 0)
        #expect(try MappedFile(path: FilePath(link)).bytes() == [UInt8]("hello".utf8))
    }

    @Test("A mapping outlives the name of its file")
    func removedFile() throws {
        let path = try directory.write("hello", to: "file")
        let file = try MappedFile(path: FilePath(path))
        #expect(unlink(path) == 0)
        #expect(file.bytes() == [UInt8]("hello".utf8))
    }

    @Test("A missing file is an error of the system call")
    func missing() throws {
        let path = "\(directory.path)/missing"
        let error = #expect(throws: CheckpointError.self) { try MappedFile(path: FilePath(path)) }
        #expect(error == .io(path: path, operation: "open", errno: ENOENT))
        #expect(error?.description == "\(path): cannot open: No such file or directory")
    }

    @Test("An empty file is refused")
    func empty() throws {
        let path = try directory.write([], to: "file")
        #expect(throws: CheckpointError.emptyFile(path: path)) { try MappedFile(path: FilePath(path)) }
    }

    @Test("A directory is refused")
    func directoryPath() throws {
        let path = directory.path
        #expect(throws: CheckpointError.notRegularFile(path: path, kind: "directory")) {
            try MappedFile(path: FilePath(path))
        }
    }

    @Test("A FIFO without a writer is refused and not waited for")
    func fifo() throws {
        let path = "\(directory.path)/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: CheckpointError.notRegularFile(path: path, kind: "FIFO")) {
            try MappedFile(path: FilePath(path))
        }
    }

    @Test("A device is refused")
    func device() {
        let error = #expect(throws: CheckpointError.self) { try MappedFile(path: "/dev/zero") }
        #expect(error?.description == "/dev/zero: expected a regular file, found a device or socket")
    }
}
