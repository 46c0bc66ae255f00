import SystemPackage

/// The keys of a file: one a line, white space around it left out, and so are empty lines and those that begin with `#`.
package struct KeyFile: Sendable, Equatable {
    /// Why a file gives no keys.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        /// A key at the limit would be cut, and be another one.
        case tooLarge(path: String, limit: Int)
        /// A server that nobody can ask is not what was meant.
        case noKeys(path: String)
        /// Not what a header field can hold; lines count from 1.
        case invalidKey(path: String, line: Int)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "\(path): cannot read the keys: \(reason)"
            case .tooLarge(let path, let limit): "\(path): expected less than \(limit) bytes of keys, found as many"
            case .noKeys(let path): "\(path): expected at least one key, found none"
            case .invalidKey(let path, let line):
                "\(path): line \(line): expected a key of printable ASCII without spaces, found another character"
            }
        }
    }

    private let first: [UInt8]
    private let digests: [KeyDigest]

    /// How many keys there are.
    package var count: Int { digests.count }

    /// Reads the file.
    ///
    /// - Throws: `Failure`
    package init(path: FilePath) throws(Failure) {
        let bytes: [UInt8]
        do {
            bytes = try Self.bytes(of: path)
        } catch {
            throw .unreadable(path: path.string, reason: "\(error)")
        }
        guard bytes.count < Self.sizeLimit else { throw .tooLarge(path: path.string, limit: Self.sizeLimit) }
        var keys: [[UInt8]] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let isBlank = { (byte: UInt8) in Self.blanks.contains(byte) }
            let key = Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
            if key.isEmpty || key[0] == UInt8(ascii: "#") { continue }
            guard key.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalidKey(path: path.string, line: index + 1)
            }
            keys.append(key)
        }
        guard let first = keys.first else { throw .noKeys(path: path.string) }
        self.first = first
        digests = keys.map { KeyDigest(of: $0) }
    }

    private static let blanks = Array(" \t\r".utf8)
    /// Far more than any number of keys takes.
    private static let sizeLimit = 1 << 20

    /// The beginning of the file, up to the limit. Not by `String(contentsOfFile:)`, which leaks memory where a file is empty.
    private static func bytes(of path: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(path, .readOnly)
        return try descriptor.closeAfter {
            var bytes = [UInt8](repeating: 0, count: sizeLimit)
            var count = 0
            while count < sizeLimit {
                let read = try bytes.withUnsafeMutableBytes { buffer in
                    try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                }
                if read == 0 { break }
                count += read
            }
            return Array(bytes.prefix(count))
        }
    }

    /// The value of an `Authorization` field with the first key.
    package var authorization: String { "Bearer \(String(decoding: first, as: UTF8.self))" }

    /// Whether one of the keys is this one.
    ///
    /// How long it takes tells nothing of the keys but how many there are: digests are compared, all of them, whichever is
    /// the same.
    package func allows(_ key: String) -> Bool {
        let given = KeyDigest(of: Array(key.utf8))
        return digests.reduce(false) { found, digest in
            let isSame = digest.isSame(as: given)
            return found || isSame
        }
    }
}
