import SystemPackage

/// A file of settings: `name: value` a line, in a part of YAML.
///
/// What is read means the same to every reader of YAML; what YAML has beyond it is refused: anchors, aliases, tags, maps in maps,
/// texts over several lines. See docs/decisions/configuration-file.md.
package struct ConfigurationFile: Sendable, Equatable {
    /// One key and what it is set to.
    package struct Entry: Sendable, Equatable {
        /// As it stands there.
        package let key: String
        /// As text: what they mean is for who knows the option.
        package let values: [String]
        /// Whether it is written as a list.
        package let isList: Bool
        /// Of the key.
        package let position: FilePosition
    }

    /// Larger files are refused.
    package static let sizeLimit = 1_000_000

    /// As the operator named it.
    package let path: String
    /// In the order of the file; each key once.
    package let entries: [Entry]

    /// Reads the file.
    ///
    /// - Throws: `ConfigurationError`
    package init(path: String) throws(ConfigurationError) {
        let bytes: [UInt8]
        do {
            bytes = try Self.bytes(ofFile: path)
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
        try self.init(parsing: bytes, path: path)
    }

    /// Reads the bytes of a file of that name.
    ///
    /// - Throws: `ConfigurationError`
    package init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
        guard bytes.count <= Self.sizeLimit else { throw .tooLarge(path: path, limit: Self.sizeLimit) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(path: path) }
        self.path = path
        var reader = SettingsReader(path: path)
        var scalars = Array(text.unicodeScalars)
        // A byte order mark.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        for line in scalars.split(separator: "\n", omittingEmptySubsequences: false) {
            // Of CR LF.
            try reader.read(line.last == "\r" ? line.dropLast() : line)
        }
        entries = try reader.finish()
    }

    /// The beginning of the file, one byte beyond the limit at most.
    private static func bytes(ofFile path: String) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
        return try descriptor.closeAfter {
            var bytes = [UInt8](repeating: 0, count: sizeLimit + 1)
            var count = 0
            while count < bytes.count {
                let read = try bytes.withUnsafeMutableBytes { buffer in
                    try descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
                }
                if read == 0 { break }
                count += read
            }
            return Array(bytes.prefix(count))
        }
    }
}
