import Checkpoints
import SystemPackage
import TestSupport
import Testing

@Suite("Safetensors files")
struct SafetensorsFileTests {
    @Test("Tensors, their shapes and bytes, and the metadata are read")
    func tensors() throws {
        var builder = SafetensorsBuilder()
        builder.metadata = [("format", "pt")]
        builder.addTensor("matrix", shape: [2, 3], [1, 2, 3, 4, 5, 6])
        builder.addTensor("half", dtype: "F16", shape: [2], bytes: [1, 2, 3, 4])
        builder.addTensor("brain", dtype: "BF16", shape: [], bytes: [5, 6])
        builder.addTensor("none", dtype: "F32", shape: [0, 7], bytes: [])
        let directory = try TemporaryDirectory()
        let file = try SafetensorsFile(path: FilePath(try directory.write(builder.build(), to: "m.safetensors")))
        #expect(file.metadata == ["format": "pt"])
        #expect(
            file.tensors.tensors.mapValues(\.shape) == ["matrix": [2, 3], "half": [2], "brain": [], "none": [0, 7]])
        #expect(
            file.tensors.tensors.mapValues(\.format) == [
                "matrix": .float32, "half": .float16, "brain": .bfloat16, "none": .float32,
            ])
        let matrix = try file.tensors.description(of: "matrix")
        #expect(try Array(matrix.bytes().suffix(4)) == LittleEndian.bytes(Float(6).bitPattern))
        let brain = try file.tensors.description(of: "brain")
        #expect(brain.elementCount == 1)
        #expect(try brain.bytes() == [5, 6])
    }

    @Test("Trailing spaces in the header, keys in any order and a file without tensors are allowed")
    func leniency() throws {
        let directory = try TemporaryDirectory()
        let padded = SafetensorsBuilder.file(
            header: #"{"t":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}   "#, data: [0, 0, 0, 0])
        let file = try SafetensorsFile(path: FilePath(try directory.write(padded, to: "a.safetensors")))
        #expect(try file.tensors.description(of: "t").shape == [1])
        #expect(file.metadata.isEmpty)
        let empty = try directory.write(SafetensorsBuilder.file(header: "{}"), to: "b.safetensors")
        #expect(try SafetensorsFile(path: FilePath(empty)).tensors.tensors.isEmpty)
    }

    private static func entry(_ dtype: String, _ shape: String, _ offsets: String) -> String {
        #"{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    /// A file with one tensor `t`, described so, and eight bytes of data.
    private static func tensor(_ dtype: String = "\"F32\"", _ shape: String = "[2]", _ offsets: String = "[0,8]")
        -> [UInt8]
    {
        SafetensorsBuilder.file(
            header: "{\"t\":\(entry(dtype, shape, offsets))}", data: [UInt8](repeating: 1, count: 8))
    }

    private static func pair(_ first: String, _ second: String, byteCount: Int, names: String = "ab") -> [UInt8] {
        let header = zip(names, [first, second]).map { "\"\($0)\":\(entry("\"F32\"", "[1]", $1))" }
        return SafetensorsBuilder.file(
            header: "{\(header.joined(separator: ","))}", data: [UInt8](repeating: 1, count: byteCount))
    }

    static let refusals = [
        Refusal(
            "Less than a length", [1, 0, 0], "FILE: the header's length needs 8 bytes, but 3 are left in the file"),
        Refusal(
            "A header longer than the file", SafetensorsBuilder.file(header: "{}", declaredLength: 3),
            "FILE: the header needs 3 bytes, but 2 are left in the file"),
        Refusal(
            "A header beyond the limit", SafetensorsBuilder.file(header: "{}", declaredLength: 1 << 60),
            "FILE: the header is 1152921504606846976 bytes long, the limit is 100000000"),
        Refusal(
            "An empty header", SafetensorsBuilder.file(header: ""),
            "FILE: invalid JSON at byte 0: expected the header to begin with '{'"),
        Refusal(
            "A header behind a space", SafetensorsBuilder.file(header: " {}"),
            "FILE: invalid JSON at byte 0: expected the header to begin with '{'"),
        Refusal(
            "A header that ends early", SafetensorsBuilder.file(header: #"{"a":"#),
            "FILE: invalid JSON at byte 5: expected a value"),
        Refusal(
            "A second value in the header", SafetensorsBuilder.file(header: "{}{}"),
            "FILE: invalid JSON at byte 2: expected the end of the document"),
        Refusal(
            "A tensor twice", pair("[0,4]", "[4,8]", byteCount: 8, names: "aa"), "FILE: key a occurs twice"),
        Refusal(
            "A tensor twice, once escaped",
            SafetensorsBuilder.file(
                header: "{\"a\":\(entry("\"F32\"", "[1]", "[0,4]")),\"\\u0061\":\(entry("\"F32\"", "[1]", "[0,4]"))}",
                data: [0, 0, 0, 0]), "FILE: key a occurs twice"),
        Refusal(
            "A dtype twice",
            SafetensorsBuilder.file(
                header: #"{"t":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]),
            "FILE: key dtype occurs twice"),
        Refusal(
            "A tensor that is no object", SafetensorsBuilder.file(header: #"{"t":1}"#),
            "FILE: t: expected an object, found 1"),
        Refusal(
            "A null tensor", SafetensorsBuilder.file(header: #"{"t":null}"#), "FILE: key t is missing"),
        Refusal(
            "No dtype", SafetensorsBuilder.file(header: #"{"t":{"shape":[],"data_offsets":[0,0]}}"#),
            "FILE: key t.dtype is missing"),
        Refusal(
            "An integer tensor", tensor("\"I64\"", "[1]"), "FILE: tensor t: the number format I64 is not supported"),
        Refusal("A dtype that is a number", tensor("32"), "FILE: t.dtype: expected a string, found 32"),
        Refusal("A fractional shape", tensor("\"F32\"", "[2.0]"), "FILE: t.shape[0]: expected an integer, found 2.0"),
        Refusal(
            "A negative shape", tensor("\"F32\"", "[-1,-2]"),
            "FILE: t.shape: expected an array of non-negative integers, found an array of 2"),
        Refusal(
            "A shape that is a number", tensor("\"F32\"", "2"),
            "FILE: t.shape: expected an array of non-negative integers, found 2"),
        Refusal(
            "A shape beyond Int", tensor("\"F32\"", "[4294967296,4294967296]"),
            "FILE: tensor t of shape [4294967296, 4294967296] is larger than any file"),
        Refusal(
            "A dimension beyond Int", tensor("\"F32\"", "[18446744073709551616]"),
            "FILE: t.shape[0]: expected an integer, found 1.8446744073709552e+19"),
        Refusal(
            "A shape of another size", tensor("\"F32\"", "[3]"),
            "FILE: tensor t: expected 12 bytes for its shape, found 8"),
        Refusal(
            "Offsets in the wrong order", tensor("\"F32\"", "[2]", "[8,0]"),
            "FILE: t.data_offsets: expected a begin and an end not before it, found an array of 2"),
        Refusal(
            "Three offsets", tensor("\"F32\"", "[2]", "[0,8,8]"),
            "FILE: t.data_offsets: expected a begin and an end not before it, found an array of 3"),
        Refusal(
            "Offsets beyond the file", tensor("\"F32\"", "[2]", "[4,12]"),
            "FILE: tensor t needs 8 bytes at offset 4 of 8 bytes of tensor data"),
        Refusal(
            "Tensors that share bytes", pair("[0,4]", "[0,4]", byteCount: 4), "FILE: the tensors a and b share bytes"),
        Refusal(
            "A hole between tensors", pair("[0,4]", "[6,10]", byteCount: 10),
            "FILE: bytes 120 to 122 belong to no tensor"),
        Refusal(
            "Bytes before the first tensor", pair("[2,6]", "[6,10]", byteCount: 10),
            "FILE: bytes 116 to 118 belong to no tensor"),
        Refusal(
            "Bytes behind the last tensor", pair("[0,4]", "[4,8]", byteCount: 9),
            "FILE: bytes 123 to 124 belong to no tensor"),
        Refusal(
            "Metadata that is no text", SafetensorsBuilder.file(header: #"{"__metadata__":{"step":3}}"#),
            "FILE: __metadata__.step: expected a string, found 3"),
    ]

    @Test("A damaged file is refused, with a message that says why", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        try refusal.check(extension: "safetensors") { _ = try SafetensorsFile(path: $0) }
    }
}
