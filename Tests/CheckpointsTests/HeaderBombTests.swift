import Checkpoints
import SystemPackage
import TestSupport
import Testing

/// Files whose headers would take many times their size in memory.
@Suite("Header bombs")
struct HeaderBombTests {
    @Test(
        "A safetensors header of more values than any model has is refused where they become too many",
        arguments: [
            ("[", "1,", "1]"), ("[", "[],", "[]]"), ("[", "{},", "{}]"), ("{\"a\":[", "null,", "null]}"),
        ])
    func manyValues(start: String, repeated: String, end: String) throws {
        let header = "{\"x\":" + start + String(repeating: repeated, count: 300_000) + end + "}"
        let refusal = Refusal(
            "", SafetensorsBuilder.file(header: header),
            "FILE: the value at byte \(offsetOfLimit(start, repeated)) is one more than the 250000 that are allowed")
        try refusal.check(extension: "safetensors") { _ = try SafetensorsFile(path: $0) }
    }

    /// Where the value stands that is one too many: the document's root, `x` and what else opens come before.
    private func offsetOfLimit(_ start: String, _ repeated: String) -> Int {
        let before = start == "[" ? 2 : 3
        return 5 + start.utf8.count + (250_000 - before) * repeated.utf8.count
    }

    @Test("Nesting beyond the limit is refused")
    func nesting() throws {
        let header = "{\"x\":" + String(repeating: "[", count: 1_000_000)
        let refusal = Refusal(
            "", SafetensorsBuilder.file(header: header),
            "FILE: the value at byte 133 is nested more than 128 levels deep")
        try refusal.check(extension: "safetensors") { _ = try SafetensorsFile(path: $0) }
    }

    private func file(_ change: (inout GGUFBuilder) -> Void) -> [UInt8] {
        var builder = GGUFBuilder()
        change(&builder)
        return builder.build()
    }

    /// The message for a file that zeros fill up to `size`.
    private func message(_ bytes: [UInt8], size: Int) throws -> String? {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "file.gguf", size: size)
        return #expect(throws: CheckpointError.self) { try GGUFFile(path: FilePath(path)) }?.description
            .replacing(path, with: "FILE")
    }

    @Test("A GGUF file that is large enough for a huge count is refused all the same")
    func counts() throws {
        let size = 1 << 42
        #expect(
            try message(file { $0.declaredTensorCount = 1 << 30 }, size: size)
                == "FILE: the header is 35433480208 bytes long, the limit is 134217728")
        #expect(
            try message(file { $0.declaredTensorCount = 70_000 }, size: size)
                == "FILE: the number of tensors is 70000, the limit is 65536")
        #expect(
            try message(file { $0.declaredMetadataCount = 70_000 }, size: size)
                == "FILE: the number of metadata values is 70000, the limit is 65536")
        let array = LittleEndian.bytes(UInt32(8)) + LittleEndian.bytes(UInt64(1) << 36)
        #expect(
            try message(file { $0.set("k", .raw(type: 9, array)) }, size: size)
                == "FILE: the header is 549755813937 bytes long, the limit is 134217728")
        let string = LittleEndian.bytes(UInt64(1) << 40)
        #expect(
            try message(file { $0.set("k", .raw(type: 8, string)) }, size: size)
                == "FILE: the header is 1099511627821 bytes long, the limit is 134217728")
    }
}
