import Checkpoints

/// 128 bits that stand for a text, or for all texts of an example: the first half of a SHA-256, the lowest byte first.
///
/// Among a thousand million texts the chance that any two share one is below 1e-20.
package struct TextDigest: Sendable, Hashable {
    /// The digest as a number.
    package let value: UInt128

    /// Takes the number as it is.
    init(value: UInt128) {
        self.value = value
    }

    /// The digest of a text's bytes: what looks equal and is composed otherwise is another text.
    ///
    /// - Throws: `CheckpointError.digestUnavailable`
    package init(of text: String) throws(CheckpointError) {
        try self.init(ofBytes: Array(text.utf8))
    }

    /// The digest of several in their order.
    ///
    /// - Throws: `CheckpointError.digestUnavailable`
    package init(of digests: [TextDigest]) throws(CheckpointError) {
        try self.init(
            ofBytes: digests.flatMap { digest in (0..<16).map { UInt8(truncatingIfNeeded: digest.value >> (8 * $0)) } })
    }

    private init(ofBytes bytes: [UInt8]) throws(CheckpointError) {
        value = try SHA256Digest(of: bytes).bytes.prefix(16).reversed().reduce(0) { $0 << 8 | UInt128($1) }
    }
}
