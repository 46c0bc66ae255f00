import Glibc
import SystemPackage

/// A regular file, mapped read-only into memory for as long as the value lives.
///
/// Every offset is checked against the size that the file had when it was opened. The file must not be truncated while
/// it is mapped: install a new checkpoint by renaming it into place, never by writing over the old one.
///
/// `@unchecked Sendable`: the mapping is read-only, both stored properties are constants, and the memory is released
/// only when the last reference goes.
package final class MappedFile: @unchecked Sendable {
    /// The path as the caller gave it.
    package let path: FilePath
    private let contents: UnsafeRawBufferPointer

    /// Maps the file at `path`, following symbolic links.
    ///
    /// - Throws: `io`, `notRegularFile`, `emptyFile`.
    package init(path: FilePath) throws(CheckpointError) {
        // Without O_NONBLOCK the opening of a FIFO waits for a writer, before its kind can be looked at.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .io(path: path.string, operation: "open", errno: errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .io(path: path.string, operation: "examine", errno: errno)
        }
        let kind = FileKind(mode: status.st_mode)
        guard kind == .regular else { throw .notRegularFile(path: path.string, kind: kind.rawValue) }
        guard status.st_size > 0 else { throw .emptyFile(path: path.string) }

        let byteCount = Int(status.st_size)
        guard let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .io(path: path.string, operation: "map", errno: errno)
        }
        self.path = path
        contents = UnsafeRawBufferPointer(start: address, count: byteCount)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: contents.baseAddress), contents.count)
    }

    /// The path as text, for messages.
    package var name: String { path.string }

    /// The size of the file in bytes, when it was opened; never 0.
    package var byteCount: Int { contents.count }

    /// Calls `body` with the bytes of `range`, or with all bytes; the pointer is valid only inside.
    ///
    /// The bytes of a range may begin at any address: load from them unaligned.
    /// - Precondition: `range` lies inside the file.
    package func withBytes<Result, Failure: Error>(
        _ range: Range<Int>? = nil, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = range ?? 0..<contents.count
        precondition(
            range.lowerBound >= 0 && range.upperBound <= contents.count,
            "bytes \(range) requested of a file of \(contents.count)")
        return try body(UnsafeRawBufferPointer(rebasing: contents[range]))
    }

    /// Gives back the memory that holds the bytes of `range`; whoever reads them again gets them from the file again.
    ///
    /// - Precondition: `range` lies inside the file.
    package func release(_ range: Range<Int>) {
        withBytes(range) { bytes in
            guard let start = bytes.baseAddress else { return }
            // Pages at the ends hold other bytes too.
            let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
            let first = UnsafeMutableRawPointer(mutating: start).alignedUp(toMultipleOf: pageSize)
            let end = UnsafeMutableRawPointer(mutating: start + bytes.count).alignedDown(toMultipleOf: pageSize)
            let byteCount = end - first
            // That it fails changes nothing but the memory in use.
            if byteCount > 0 { madvise(first, byteCount, MADV_DONTNEED) }
        }
    }
}
