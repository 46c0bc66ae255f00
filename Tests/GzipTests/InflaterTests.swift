import Gzip
import TestSupport
import Testing

@Suite("Inflater")
struct InflaterTests {
    /// Made with Python 3: `gzip.compress(b"hello hello hello", 9, mtime=0)` and the like.
    static let hello = Array("hello hello hello".utf8)
    static let goldens: [(String, Inflater.Format, [UInt8], [UInt8])] = [
        (
            "gzip", .gzip,
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9,
                0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x80, 0x88, 0xF9, 0xE5, 0x11, 0x00, 0x00, 0x00,
            ], hello
        ),
        (
            "stored, not compressed", .gzip,
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x03, 0x01, 0x11, 0x00, 0xEE,
                0xFF, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20, 0x68,
                0x65, 0x6C, 0x6C, 0x6F, 0x80, 0x88, 0xF9, 0xE5, 0x11, 0x00, 0x00, 0x00,
            ], hello
        ),
        (
            "every header field", .gzip,
            [
                0x1F, 0x8B, 0x08, 0x1E, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x00, 0x61, 0x62,
                0x63, 0x6E, 0x61, 0x6D, 0x65, 0x00, 0x63, 0x6F, 0x6D, 0x6D, 0x65, 0x6E, 0x74, 0x00,
                0x79, 0x71, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x80, 0x88,
                0xF9, 0xE5, 0x11, 0x00, 0x00, 0x00,
            ], hello
        ),
        (
            "two members", .gzip,
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9,
                0xC9, 0x57, 0x00, 0x00, 0xF6, 0xF9, 0x81, 0xED, 0x06, 0x00, 0x00, 0x00, 0x1F, 0x8B,
                0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57,
                0xC8, 0x00, 0x91, 0x00, 0x40, 0xA6, 0x2D, 0x01, 0x0B, 0x00, 0x00, 0x00,
            ], hello
        ),
        (
            "nothing", .gzip,
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x03, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            ], []
        ),
        (
            "zlib", .zlib,
            [
                0x78, 0xDA, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x3A, 0x2E,
                0x06, 0x7D,
            ], hello
        ),
    ]

    private static let limits = InflateLimits(maxSize: 100)

    /// Inflates in slices of the size.
    private func inflate(
        _ bytes: [UInt8], _ format: Inflater.Format, slice: Int, limits: InflateLimits = Self.limits
    ) throws(InflateError) -> [UInt8] {
        let inflater = try Inflater(format, limits: limits)
        var inflated: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: slice) {
            inflated += try inflater.inflate(Array(bytes[start..<min(bytes.count, start + slice)]))
        }
        try inflater.finish()
        return inflated
    }

    @Test("Streams of other programs are inflated, however they are sliced", arguments: goldens.indices, [1, 3, 1000])
    func inflates(index: Int, slice: Int) throws {
        let (_, format, bytes, inflated) = Self.goldens[index]
        #expect(try inflate(bytes, format, slice: slice) == inflated)
        #expect(try Inflater.inflate(bytes, format: format, limits: Self.limits) == inflated)
    }

    @Test("A stream that is cut off anywhere is truncated", arguments: goldens.indices)
    func truncated(index: Int) throws {
        let (name, format, bytes, inflated) = Self.goldens[index]
        for count in 0..<bytes.count {
            let cut = Array(bytes[..<count])
            // Between the two members the first is whole.
            if name == "two members", let first = try? Inflater.inflate(cut, format: format, limits: Self.limits) {
                #expect(first.count < inflated.count)
                continue
            }
            #expect(throws: InflateError.truncated(byteCount: count)) { try inflate(cut, format, slice: 5) }
        }
    }

    @Test(
        "Something after the end is refused", arguments: goldens.indices, [[0], [0x1F], [0x1F, 0x8B], Array("x".utf8)])
    func trailing(index: Int, rest: [UInt8]) throws {
        let (_, format, bytes, _) = Self.goldens[index]
        let begins = format == .gzip && rest[0] == 0x1F
        let expected: InflateError =
            begins ? .truncated(byteCount: bytes.count + rest.count) : .trailingBytes(offset: bytes.count)
        #expect(throws: expected) { try inflate(bytes + rest, format, slice: 1000) }
        #expect(throws: expected) { try inflate(bytes + rest, format, slice: 1) }
    }

    @Test("A wrong checksum or length is found", arguments: goldens.indices)
    func checksums(index: Int) throws {
        let (_, format, bytes, _) = Self.goldens[index]
        let trailer = format == .gzip ? 8 : 4
        for position in (bytes.count - trailer)..<bytes.count {
            var damaged = bytes
            damaged[position] ^= 1
            let error = #expect(throws: InflateError.self) { try inflate(damaged, format, slice: 1000) }
            guard case .malformed(let reason, let offset) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(["incorrect data check", "incorrect length check"].contains(reason))
            #expect(offset <= bytes.count)
        }
    }

    @Test("One format is not taken for the other")
    func formats() throws {
        for (_, format, bytes, _) in Self.goldens {
            let other: Inflater.Format = format == .gzip ? .zlib : .gzip
            #expect(throws: InflateError.malformed(reason: "incorrect header check", offset: 2)) {
                try inflate(bytes, other, slice: 1000)
            }
        }
    }

    @Test("The limit itself is allowed, and one byte more is not")
    func sizeLimit() throws {
        let (_, format, bytes, inflated) = Self.goldens[0]
        for slice in [1, 1000] {
            #expect(
                try inflate(bytes, format, slice: slice, limits: InflateLimits(maxSize: inflated.count)) == inflated)
            #expect(throws: InflateError.tooLarge(limit: inflated.count - 1)) {
                try inflate(bytes, format, slice: slice, limits: InflateLimits(maxSize: inflated.count - 1))
            }
        }
        let empty = try #require(Deflater.deflate([], level: 1))
        #expect(try inflate(empty, .gzip, slice: 1, limits: InflateLimits(maxSize: 0)) == [])
    }

    @Test("A bomb ends at the limits, and its bytes are never there")
    func bombs() throws {
        let bomb = try #require(Deflater.deflate([UInt8](repeating: 0, count: 10_000_000), level: 6))
        #expect(bomb.count < 12_000)
        #expect(throws: InflateError.tooLarge(limit: 100_000)) {
            try Inflater.inflate(bomb, format: .gzip, limits: InflateLimits(maxSize: 100_000))
        }
        let error = #expect(throws: InflateError.self) {
            try Inflater.inflate(bomb, format: .gzip, limits: InflateLimits(maxSize: 1 << 30, maxRatio: 100))
        }
        guard case .ratioTooHigh(let compressed, let inflated, limit: 100) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(inflated > 100 * compressed && inflated < 2_000_000)
        // Its worth is the same in ten thousand members.
        let zeros = try #require(Deflater.deflate([UInt8](repeating: 0, count: 1000), level: 6))
        let members = Array((0..<10_000).map { _ in zeros }.joined())
        #expect(throws: InflateError.tooLarge(limit: 2_000_000)) {
            try Inflater.inflate(members, format: .gzip, limits: InflateLimits(maxSize: 2_000_000))
        }
        let all = try Inflater.inflate(bomb, format: .gzip, limits: InflateLimits(maxSize: 10_000_000, maxRatio: 2000))
        #expect(all.count == 10_000_000 && all.capacity < 11_000_000)
    }

    @Test("After an error there is nothing more")
    func errorsStay() throws {
        let inflater = try Inflater(.gzip, limits: Self.limits)
        let error = try #require(
            #expect(throws: InflateError.self) { try inflater.inflate([1, 2, 3, 4]) })
        #expect(throws: error) { try inflater.inflate(Self.goldens[0].2) }
        #expect(throws: error) { try inflater.finish() }
    }
}
