import CZlib

/// Inflates a stream piece by piece. Not for use by several threads at once.
package final class Inflater {
    /// How the compressed data is wrapped.
    package enum Format: Sendable {
        /// RFC 1952: one member after another, each with a checksum.
        case gzip
        /// RFC 1950: what HTTP means by `deflate` (RFC 9110, section 8.4.1.2).
        case zlib
    }

    private static let pieceSize = 32 * 1024

    private let format: Format
    private let limits: InflateLimits
    private let stream: ZStream
    private var compressedSize = 0
    private var inflatedSize = 0
    /// Whether the bytes so far are complete members, at least one.
    private var isAtEnd = false
    private var failure: InflateError?

    /// - Throws: `InflateError.noMemory`
    package init(_ format: Format, limits: InflateLimits) throws(InflateError) {
        self.format = format
        self.limits = limits
        let windowBits: Int32 = format == .gzip ? 15 + 16 : 15
        guard let stream = ZStream(end: inflateEnd, { inflateInit2_($0, windowBits, ZLIB_VERSION, ZStream.size) })
        else {
            throw .noMemory
        }
        self.stream = stream
    }

    /// All of `bytes`, inflated.
    ///
    /// - Throws: `InflateError`
    package static func inflate(
        _ bytes: [UInt8], format: Format, limits: InflateLimits
    ) throws(InflateError) -> [UInt8] {
        let inflater = try Inflater(format, limits: limits)
        let inflated = try inflater.inflate(bytes)
        try inflater.finish()
        return inflated
    }

    /// What the next compressed bytes hold. After an error every call throws the same.
    ///
    /// - Throws: `InflateError`, all but `truncated`
    package func inflate(_ bytes: [UInt8]) throws(InflateError) -> [UInt8] {
        if let failure { throw failure }
        var inflated: [UInt8] = []
        var start = 0
        do throws(InflateError) {
            while start < bytes.count { start += try step(bytes[start...], into: &inflated) }
        } catch {
            failure = error
            throw error
        }
        return inflated
    }

    /// Says that nothing more comes.
    ///
    /// - Throws: `InflateError.truncated`, or what was thrown before
    package func finish() throws(InflateError) {
        if let failure { throw failure }
        guard isAtEnd else { throw .truncated(byteCount: compressedSize) }
    }

    /// Inflates up to the end of `bytes` or of a member.
    ///
    /// - Returns: how many of the bytes are done with.
    private func step(_ bytes: ArraySlice<UInt8>, into inflated: inout [UInt8]) throws(InflateError) -> Int {
        if isAtEnd {
            guard format == .gzip, bytes.first == 0x1F else { throw .trailingBytes(offset: compressedSize) }
            inflateReset(stream.pointer)
            isAtEnd = false
        }
        var used = 0
        while true {
            // One byte over the limit is asked for, to find out whether there is one.
            let room = min(Self.pieceSize, limits.maxSize - inflatedSize + 1)
            let piece = stream.run(bytes.dropFirst(used), room: room) { CZlib.inflate($0, Z_NO_FLUSH) }
            used += piece.consumed
            compressedSize += piece.consumed
            inflatedSize += piece.output.count
            try checkLimits()
            append(piece.output, to: &inflated)
            switch piece.status {
            case Z_STREAM_END:
                isAtEnd = true
                return used
            // Z_BUF_ERROR: there was nothing to do, which is no error.
            case Z_OK, Z_BUF_ERROR:
                if piece.output.count < room, used == bytes.count { return used }
            case Z_MEM_ERROR: throw .noMemory
            default: throw .malformed(reason: stream.message, offset: compressedSize)
            }
        }
    }

    private func checkLimits() throws(InflateError) {
        guard inflatedSize <= limits.maxSize else { throw .tooLarge(limit: limits.maxSize) }
        guard inflatedSize <= InflateLimits.freeSize || inflatedSize / limits.maxRatio <= compressedSize else {
            throw .ratioTooHigh(compressed: compressedSize, inflated: inflatedSize, limit: limits.maxRatio)
        }
    }

    /// Grows to twice the size, as arrays do, but not beyond the limit.
    private func append(_ piece: [UInt8], to inflated: inout [UInt8]) {
        let size = inflated.count + piece.count
        if size > inflated.capacity {
            inflated.reserveCapacity(max(size, min(2 * size, limits.maxSize)))
        }
        inflated.append(contentsOf: piece)
    }
}
