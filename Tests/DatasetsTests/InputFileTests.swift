import Checkpoints
import Datasets
import Foundation
import Gzip
import SystemPackage
import TestSupport
import Testing

@Suite("Inputs")
struct InputFileTests {
    /// All lines as text; nil for those that are too long.
    private func lines(
        of bytes: [UInt8], limit: Int = 1 << 20, in directory: TemporaryDirectory? = nil
    ) throws -> [String?] {
        let directory = try directory ?? TemporaryDirectory()
        var lines = try InputLines(path: FilePath(try directory.write(bytes, to: "input")), limit: limit)
        var found: [String?] = []
        while let next = try lines.next() {
            found += next.map { line in line.bytes.map { String(decoding: $0, as: UTF8.self) } }
        }
        return found
    }

    private func gzip(_ text: String) throws -> [UInt8] {
        try #require(Deflater.deflate(Array(text.utf8), level: 6))
    }

    @Test(
        "Marks of editors are no part of a line",
        arguments: [
            ("\u{FEFF}a\r\nb\r\n", ["a", "b"]), ("a\rb\n", ["a\rb"]), ("a\n\u{FEFF}b", ["a", "\u{FEFF}b"]),
            ("\u{FEFF}", [""]), ("\r\n\r\n", ["", ""]), ("", []),
        ] as [(String, [String])])
    func trimmed(example: (text: String, lines: [String])) throws {
        #expect(try lines(of: Array(example.text.utf8)) == example.lines)
        #expect(try lines(of: gzip(example.text)) == example.lines)
    }

    @Test("Members of a compressed file are one text, empty ones among them")
    func members() throws {
        var bytes = try gzip("a\nb")
        for _ in 0..<1000 { bytes += try gzip("") }
        bytes += try gzip("c\nd\n")
        #expect(try lines(of: bytes) == ["a", "bc", "d"])
    }

    @Test("A file of many pieces is read whole, compressed or not")
    func large() throws {
        var generator = SeededGenerator(seed: 1)
        let text = (0..<40_000).map { "\($0) \(UInt64.random(in: .min ... .max, using: &generator))" }
        let joined = text.joined(separator: "\n")
        #expect(try lines(of: Array(joined.utf8)) == text)
        #expect(try lines(of: gzip(joined)) == text)
    }

    @Test("A compressed file that is cut off anywhere is refused")
    func truncated() throws {
        let whole = try gzip("a text\nof some lines\n")
        for count in 2..<whole.count {
            let error = #expect(throws: DatasetError.self) { try lines(of: Array(whole[..<count])) }
            guard case .gzip(_, .truncated(byteCount: count)) = error else {
                Issue.record("\(count) bytes: \(String(describing: error))")
                continue
            }
        }
    }

    @Test("What follows a compressed file, damage in it, and bombs are refused")
    func refused() throws {
        let whole = try gzip("a text\n")
        let error = #expect(throws: DatasetError.self) { try lines(of: whole + [0x00]) }
        #expect(
            try #require(error).description.hasSuffix(
                "compressed data ends at byte \(whole.count), but something follows"))
        var damaged = whole
        damaged[damaged.count - 8] ^= 1
        let checksum = #expect(throws: DatasetError.self) { try lines(of: damaged) }
        #expect(try #require(checksum).description.contains("incorrect data check"))
        for text in [String(repeating: "\n", count: 4 << 20), String(repeating: "x", count: 4 << 20)] {
            let bomb = #expect(throws: DatasetError.self) { try lines(of: gzip(text)) }
            #expect(try #require(bomb).description.hasSuffix("over 250 times as many"))
        }
    }

    @Test("A line over the limit has no bytes, in the middle and at the end, compressed or not")
    func tooLong() throws {
        let text = "a\n\(String(repeating: "long ", count: 1000))\nb\n\(String(repeating: "long ", count: 1000))"
        #expect(try lines(of: Array(text.utf8), limit: 4999) == ["a", nil, "b", nil])
        #expect(try lines(of: gzip(text), limit: 4999) == ["a", nil, "b", nil])
    }

    @Test("The digest is that of the file as it is stored")
    func digest() throws {
        let directory = try TemporaryDirectory()
        // SHA-256 of "abc" (FIPS 180-4).
        let file = try InputFile(path: FilePath(try directory.write("abc", to: "input")))
        while try file.next() != nil {}
        #expect(file.byteCount == 3 && file.storedByteCount == 3)
        #expect(
            try file.digest().description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("What cannot be read is named")
    func unreadable() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: DatasetError.self) { try InputFile(path: FilePath("\(directory.path)/none")) }
        #expect(missing?.description == "\(directory.path)/none: cannot open: No such file or directory")
        let notAFile = #expect(throws: DatasetError.self) { try InputFile(path: FilePath(directory.path)) }
        #expect(notAFile?.description == "\(directory.path): cannot read: Is a directory")
    }

    @Test("Damaged compressed files are read or refused")
    func fuzz() throws {
        let seeds = try [gzip("a text\nof some lines\n"), gzip("x") + gzip("y\nz")]
        let directory = try TemporaryDirectory()
        var mutator = Mutator(seed: 3)
        var (read, refused) = (0, 0)
        for round in 0..<(1_500 * fuzzFactor) {
            do {
                _ = try lines(of: mutator.mutate(seeds[round % 2]), in: directory)
                read += 1
            } catch let error as DatasetError {
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }
}
