import Glibc
import SystemPackage

/// The examples that were kept, on disk until all of them are known: a file without a name, gone with the value.
///
/// Written once, then read as often as needed, from the beginning each time. Not for use by several threads at once.
final class Spool {
    /// An example as it waits.
    struct Record: Equatable {
        /// Its number among the examples that were read, from 0.
        let position: Int
        let query: TextDigest
        let main: TextDigest
        /// The tokens of each of its prompts, three at most.
        let tokenCounts: [Int]
        /// As `PreparedLine.members` made them.
        let members: [UInt8]
    }

    /// Position, two digests, number of prompts, three token counts, length of the members.
    private static let headSize = 8 + 16 + 16 + 4 + 12 + 4
    private static let pieceSize = 256 * 1024

    /// How many records there are.
    private(set) var count = 0
    private let path: String
    private let descriptor: FileDescriptor
    private let output: OutputBuffer

    /// Makes the file in the directory that `output` will be in, where room for it is needed anyway.
    ///
    /// - Throws: `DatasetError.io`
    init(beside output: FilePath) throws(DatasetError) {
        path = output.string
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = output.removingLastComponent().appending(".grace-spool.\(suffix)")
        let descriptor = try systemCall(output.string, "write a temporary file beside") {
            try FileDescriptor.open(
                name, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        }
        _ = name.withPlatformString { unlink($0) }
        self.descriptor = descriptor
        self.output = OutputBuffer(descriptor, path: output.string)
    }

    deinit {
        close(descriptor.rawValue)
    }

    /// - Throws: `DatasetError.io`
    func append(_ record: Record) throws(DatasetError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headSize + record.members.count)
        func append<Integer: FixedWidthInteger>(_ value: Integer) {
            for shift in stride(from: 0, to: Integer.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> Integer(shift)))
            }
        }
        append(UInt64(record.position))
        append(record.query.value)
        append(record.main.value)
        append(UInt32(record.tokenCounts.count))
        for index in 0..<3 {
            append(UInt32(record.tokenCounts.indices.contains(index) ? record.tokenCounts[index] : 0))
        }
        append(UInt32(record.members.count))
        bytes += record.members
        try output.write(bytes)
        count += 1
    }

    /// Hands out all records, in the order in which they came.
    ///
    /// - Throws: `DatasetError.io`, what `body` throws
    func forEach(_ body: (Record) throws(DatasetError) -> Void) throws(DatasetError) {
        try output.flush()
        var pending: [UInt8] = []
        var start = 0
        var offset = 0
        /// Makes sure that so many bytes are there from `start` on.
        func fill(_ count: Int) throws(DatasetError) {
            if pending.count - start >= count { return }
            pending.removeFirst(start)
            start = 0
            while pending.count < count {
                let piece = try read(at: offset)
                // Nobody else has the file: a file system that contradicts itself.
                guard !piece.isEmpty else { throw .io(path: path, operation: "read", errno: EIO) }
                pending += piece
                offset += piece.count
            }
        }
        var done = 0
        while done < output.byteCount {
            try fill(Self.headSize)
            var head = Fields(bytes: pending[start..<(start + Self.headSize)])
            let position = Int(head.next(UInt64.self))
            let query = TextDigest(value: head.next(UInt128.self))
            let main = TextDigest(value: head.next(UInt128.self))
            let promptCount = Int(head.next(UInt32.self))
            let tokenCounts = (0..<3).map { _ in Int(head.next(UInt32.self)) }
            let size = Self.headSize + Int(head.next(UInt32.self))
            try fill(size)
            try body(
                Record(
                    position: position, query: query, main: main, tokenCounts: Array(tokenCounts.prefix(promptCount)),
                    members: Array(pending[(start + Self.headSize)..<(start + size)])))
            start += size
            done += size
        }
    }

    private func read(at offset: Int) throws(DatasetError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(Self.pieceSize, output.byteCount - offset))
        let count = try systemCall(path, "read") {
            try bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: Int64(offset), into: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Integers, the lowest byte first.
    private struct Fields {
        var bytes: ArraySlice<UInt8>

        mutating func next<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer {
            let size = Integer.bitWidth / 8
            defer { bytes.removeFirst(size) }
            return bytes.prefix(size).reversed().reduce(0) { $0 << 8 | Integer($1) }
        }
    }
}
