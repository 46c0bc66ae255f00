import CZlib

/// Makes a gzip stream (RFC 1952) piece by piece: equal input gives equal output. Not for use by several threads at once.
package final class Deflater {
    /// How much of what was taken must be in the output.
    package enum Flush: Sendable {
        /// As much as suits the compression.
        case none
        /// All of it: a reader can inflate everything so far. It costs a few bytes each time.
        case everything
        /// All of it, and the stream ends.
        case finish

        fileprivate var code: Int32 {
            switch self {
            case .none: Z_NO_FLUSH
            case .everything: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        }
    }

    private static let pieceSize = 32 * 1024

    private let stream: ZStream
    private var isFinished = false

    /// nil where there is no memory, 256 KB.
    ///
    /// - Parameter level: 1, the fastest, to 6, the smallest that is worth its time.
    /// - Precondition: the level lies in 1...6.
    package init?(level: Int) {
        precondition((1...6).contains(level), "levels are 1 to 6, not \(level)")
        let begun = ZStream(end: deflateEnd) {
            deflateInit2_($0, Int32(level), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, ZStream.size)
        }
        guard let begun else { return nil }
        stream = begun
    }

    /// All of `bytes` as a stream; nil where there is no memory.
    package static func deflate(_ bytes: [UInt8], level: Int) -> [UInt8]? {
        Deflater(level: level)?.deflate(bytes, flush: .finish)
    }

    /// The next part of the stream, with `bytes` after those before.
    ///
    /// - Precondition: the stream has not been finished.
    package func deflate(_ bytes: [UInt8], flush: Flush = .none) -> [UInt8] {
        precondition(!isFinished, "the stream is finished")
        isFinished = flush == .finish
        var output: [UInt8] = []
        var rest = bytes[...]
        while true {
            let piece = stream.run(rest, room: Self.pieceSize) { CZlib.deflate($0, flush.code) }
            rest = rest.dropFirst(piece.consumed)
            output += piece.output
            // Output that fills its room may go on; a stream in order has no other failure than Z_BUF_ERROR, which says that
            // there was nothing to do.
            if piece.output.count < Self.pieceSize, rest.isEmpty { return output }
        }
    }
}
