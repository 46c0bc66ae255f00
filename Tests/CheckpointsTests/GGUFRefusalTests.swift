import Checkpoints
import SystemPackage
import TestSupport
import Testing

@Suite("GGUF files that are refused")
struct GGUFRefusalTests {
    private static func file(_ change: (inout GGUFBuilder) -> Void) -> [UInt8] {
        var builder = GGUFBuilder()
        change(&builder)
        return builder.build()
    }

    /// A file with one value of this type code and these bytes, under the key `k`.
    private static func value(type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
        file { $0.set("k", .raw(type: type, bytes)) }
    }

    /// The fields of an array of this element type and declared length.
    private static func array(_ elementType: UInt32, count: UInt64) -> [UInt8] {
        LittleEndian.bytes(elementType) + LittleEndian.bytes(count)
    }

    static let headers = [
        Refusal(
            "Another magic number", [UInt8]("GGML....".utf8),
            "FILE: expected the magic number 47 47 55 46, found 47 47 4d 4c"),
        Refusal("Less than a magic number", [0x47, 0x47], "FILE: expected the magic number 47 47 55 46, found 47 47"),
        Refusal("No version", [UInt8]("GGUF\u{3}".utf8), "FILE: the version needs 4 bytes, but 1 are left in the file"),
        Refusal("Version 0", file { $0.version = 0 }, "FILE: version 0 is not supported, only 2 to 3"),
        Refusal("Version 1", file { $0.version = 1 }, "FILE: version 1 is not supported, only 2 to 3"),
        Refusal("Version 4", file { $0.version = 4 }, "FILE: version 4 is not supported, only 2 to 3"),
        Refusal(
            "A big-endian file", file { $0.version = 0x0300_0000 },
            "FILE: expected a little-endian file, found a big-endian one (version 3)"),
        Refusal(
            "More tensors than fit", file { $0.declaredTensorCount = 1 << 60 },
            "FILE: the number of tensors (1152921504606846976) needs 18446744073709551615 bytes, but 8 are left in the file"
        ),
        Refusal(
            "More metadata than fits", file { $0.declaredMetadataCount = 1 << 40 },
            "FILE: the number of metadata values (1099511627776) needs 15393162788864 bytes, but 0 are left in the file"
        ),
    ]

    static let metadata = [
        Refusal(
            "An empty key", file { $0.set("", .uint64(1)) },
            "FILE: metadata key 0 is 0 bytes long, expected 1 to 65535"),
        Refusal(
            "A key beyond the limit", file { $0.set(String(repeating: "k", count: 65_536), .bool(true)) },
            "FILE: metadata key 0 is 65536 bytes long, expected 1 to 65535"),
        Refusal(
            "A key twice",
            file {
                $0.set("k", .bool(true))
                $0.set("k", .bool(true))
            }, "FILE: key k occurs twice"),
        Refusal("An unknown value type", value(type: 13, [0]), "FILE: k: unknown value type 13, expected 0 to 12"),
        Refusal("A boolean 2", value(type: 7, [2]), "FILE: k: expected a boolean 0 or 1, found 2"),
        Refusal("Half a number", value(type: 10, [1, 2, 3]), "FILE: k needs 8 bytes, but 3 are left in the file"),
        Refusal(
            "A string longer than the file", value(type: 8, LittleEndian.bytes(UInt64(1 << 60)) + [65]),
            "FILE: k needs 1152921504606846976 bytes, but 1 are left in the file"),
        Refusal(
            "A string that is not UTF-8", value(type: 8, LittleEndian.bytes(UInt64(1)) + [0xFF]),
            "FILE: k is not valid UTF-8"),
        Refusal(
            "An array of an unknown type", value(type: 9, array(13, count: 0)),
            "FILE: k: unknown value type 13, expected 0 to 12"),
        Refusal(
            "An array longer than the file", value(type: 9, array(4, count: 1 << 40)),
            "FILE: the length of k (1099511627776) needs 4398046511104 bytes, but 0 are left in the file"),
        Refusal(
            "An array whose size overflows", value(type: 9, array(12, count: 1 << 62)),
            "FILE: the length of k (4611686018427387904) needs 18446744073709551615 bytes, but 0 are left in the file"),
        Refusal(
            "A string in an array that goes on too long",
            value(type: 9, array(8, count: 2) + LittleEndian.bytes(UInt64(0)) + LittleEndian.bytes(UInt64(9))),
            "FILE: k[1] needs 9 bytes, but 0 are left in the file"),
        Refusal(
            "A boolean 3 in an array", value(type: 9, array(7, count: 2) + [1, 3]),
            "FILE: k: expected a boolean 0 or 1, found 3"),
        Refusal(
            "Arrays in arrays in arrays",
            value(type: 9, (0..<9).flatMap { _ in array(9, count: 1) } + array(0, count: 0)),
            "FILE: k[0][0][0][0][0][0][0][0] is nested more than 8 levels deep"),
        Refusal(
            "An alignment of 0", file { $0.set("general.alignment", .uint32(0)) },
            "FILE: general.alignment: expected a positive multiple of 8, found 0"),
        Refusal(
            "An alignment of 4", file { $0.set("general.alignment", .uint32(4)) },
            "FILE: general.alignment: expected a positive multiple of 8, found 4"),
        Refusal(
            "An alignment that is a string", file { $0.set("general.alignment", .string("32")) },
            #"FILE: general.alignment: expected uint32, found string "32""#),
    ]

    /// A file with one tensor.
    private static func tensor(
        _ name: String = "t", formatCode: UInt32 = 0, shape: [UInt64] = [8], byteCount: Int = 32, offset: UInt64? = nil
    ) -> [UInt8] {
        file {
            $0.addTensor(
                name, formatCode: formatCode, shape: shape, bytes: [UInt8](repeating: 1, count: byteCount),
                declaredOffset: offset)
        }
    }

    static let tensors = [
        Refusal("A tensor without a name", tensor(""), "FILE: the name of tensor 0 is 0 bytes long, expected 1 to 64"),
        Refusal(
            "A tensor with a long name", tensor(String(repeating: "n", count: 65)),
            "FILE: the name of tensor 0 is 65 bytes long, expected 1 to 64"),
        Refusal(
            "A name that would break the line of a message", tensor("a\nb", shape: []),
            "FILE: tensor a b has 0 dimensions, expected 1 to 4"),
        Refusal(
            "Five dimensions", tensor(shape: [1, 1, 1, 1, 8]), "FILE: tensor t has 5 dimensions, expected 1 to 4"),
        Refusal(
            "A format of two bits", tensor(formatCode: 17, shape: [256]),
            "FILE: tensor t: the number format IQ2_XS (17) is not supported"),
        Refusal(
            "Half a block of 256 in a row", tensor(formatCode: 12, shape: [2, 384]),
            "FILE: tensor t has rows of 384 elements, not a multiple of the 256 of a Q4_K block"),
        Refusal(
            "An unknown format", tensor(formatCode: 99),
            "FILE: tensor t: the number format unknown (99) is not supported"),
        Refusal(
            "Half a block in a row", tensor(formatCode: 2, shape: [2, 48]),
            "FILE: tensor t has rows of 48 elements, not a multiple of the 32 of a Q4_0 block"),
        Refusal(
            "A dimension beyond Int", tensor(shape: [1 << 63]),
            "FILE: tensor t of shape [9223372036854775808] is larger than any file"),
        Refusal(
            "Elements beyond Int", tensor(shape: [1 << 32, 1 << 32]),
            "FILE: tensor t of shape [4294967296, 4294967296] is larger than any file"),
        Refusal(
            "Bytes beyond Int", tensor(shape: [1 << 62]),
            "FILE: tensor t of shape [4611686018427387904] is larger than any file"),
        Refusal(
            "Data at no multiple of the alignment", tensor(offset: 8),
            "FILE: tensor t begins at offset 8, not a multiple of 32"),
        Refusal(
            "Data beyond the file", tensor(shape: [9]),
            "FILE: tensor t needs 36 bytes at offset 0 of 32 bytes of tensor data"),
        Refusal(
            "An offset beyond the file", tensor(offset: 32),
            "FILE: tensor t needs 32 bytes at offset 32 of 32 bytes of tensor data"),
        Refusal(
            "An offset beyond Int", tensor(offset: 0xFFFF_FFFF_FFFF_FFE0),
            "FILE: tensor t needs 32 bytes at offset 18446744073709551584 of 32 bytes of tensor data"),
        Refusal(
            "A tensor twice",
            file {
                $0.addTensor("t", shape: [1], [1])
                $0.addTensor("t", shape: [1], [2])
            }, "FILE: tensor t is described twice"),
        Refusal(
            "Tensors that share bytes",
            file {
                $0.addTensor("b", shape: [16], [Float](repeating: 1, count: 16))
                $0.addTensor("a", formatCode: 0, shape: [1], bytes: [0, 0, 0, 0], declaredOffset: 32)
            }, "FILE: the tensors b and a share bytes"),
    ]

    @Test("A damaged file is refused, with a message that says why", arguments: headers + metadata + tensors)
    func refused(_ refusal: Refusal) throws {
        try refusal.check(extension: "gguf") { _ = try GGUFFile(path: $0) }
    }

    @Test("A file cut off anywhere is refused")
    func truncation() throws {
        let whole = Self.file {
            $0.set("general.name", .string("tiny"))
            $0.set("tokens", .strings(["a", "b"]))
            $0.addTensor("t", shape: [8], [Float](repeating: 1, count: 8))
        }
        let directory = try TemporaryDirectory()
        for length in 1..<whole.count {
            let path = try directory.write([UInt8](whole.prefix(length)), to: "file.gguf")
            #expect(throws: CheckpointError.self, "\(length) bytes") { try GGUFFile(path: FilePath(path)) }
        }
    }
}
