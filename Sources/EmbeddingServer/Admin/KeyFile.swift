import COpenSSL
import SystemPackage

/// The keys of a file: one a line, white space around it and empty lines left out.
package struct KeyFile: Sendable, Equatable {
    /// Why a file gives no keys.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        /// A server that nobody can ask is not what was meant.
        case noKeys(path: String)
        /// Not what a header field can hold; lines count from 1.
        case invalidKey(path: String, line: Int)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "\(path): cannot read the keys: \(reason)"
            case .noKeys(let path): "\(path): expected at least one key, found none"
            case .invalidKey(let path, let line):
                "\(path): line \(line): expected a key of printable ASCII without spaces, found another character"
            }
        }
    }

    private let keys: [[UInt8]]

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
        var keys: [[UInt8]] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let isBlank = { (byte: UInt8) in Self.blanks.contains(byte) }
            let key = Array(line.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
            guard key.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalidKey(path: path.string, line: index + 1)
            }
            if !key.isEmpty { keys.append(key) }
        }
        guard !keys.isEmpty else { throw .noKeys(path: path.string) }
        self.keys = keys
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
    package var authorization: String { "Bearer \(String(decoding: keys[0], as: UTF8.self))" }

    /// Whether the value of an `Authorization` field (RFC 6750, section 2.1) holds one of the keys.
    ///
    /// How long it takes tells nothing of a key but its length.
    package func allows(_ authorization: String?) -> Bool {
        guard let authorization else { return false }
        let parts = authorization.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        let given = Array(parts[1].utf8)
        // All keys are compared, so that the time does not tell which one it was.
        return keys.reduce(false) { found, key in
            (key.count == given.count && CRYPTO_memcmp(key, given, key.count) == 0) || found
        }
    }
}
