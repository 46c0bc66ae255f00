import Checkpoints
import SystemPackage
import TestSupport
import Testing

@Suite("GGUF files")
struct GGUFFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ builder: GGUFBuilder) throws -> GGUFFile {
        try GGUFFile(path: FilePath(try directory.write(builder.build(), to: "model.gguf")))
    }

    @Test("Each of the thirteen value types is read")
    func valueTypes() throws {
        var builder = GGUFBuilder()
        builder.set("uint8", .uint8(0xFE))
        builder.set("int8", .int8(-2))
        builder.set("uint16", .uint16(0xFEDC))
        builder.set("int16", .int16(-292))
        builder.set("uint32", .uint32(0xFEDC_BA98))
        builder.set("int32", .int32(-19_088_744))
        builder.set("float32", .float32(1.5))
        builder.set("false", .bool(false))
        builder.set("true", .bool(true))
        builder.set("string", .string("grâce"))
        builder.set("array", .array(elementType: 2, [.uint16(1), .uint16(2)]))
        builder.set("uint64", .uint64(.max))
        builder.set("int64", .int64(.min))
        builder.set("float64", .float64(-0.1))
        #expect(
            try open(builder).metadata == [
                "uint8": .uint8(0xFE), "int8": .int8(-2), "uint16": .uint16(0xFEDC), "int16": .int16(-292),
                "uint32": .uint32(0xFEDC_BA98), "int32": .int32(-19_088_744), "float32": .float32(1.5),
                "false": .bool(false), "true": .bool(true), "string": .string("grâce"),
                "array": .array(.uint16([1, 2])), "uint64": .uint64(.max), "int64": .int64(.min),
                "float64": .float64(-0.1),
            ])
    }

    @Test(
        "Arrays of each element type are read",
        arguments: [
            (GGUFBuilder.Value.array(elementType: 0, [.uint8(1), .uint8(255)]), GGUFArray.uint8([1, 255])),
            (.array(elementType: 1, [.int8(-1)]), .int8([-1])),
            (.array(elementType: 2, [.uint16(258)]), .uint16([258])),
            (.array(elementType: 3, [.int16(-258)]), .int16([-258])),
            (.array(elementType: 4, [.uint32(7), .uint32(8)]), .uint32([7, 8])),
            (.array(elementType: 5, [.int32(-7)]), .int32([-7])),
            (.array(elementType: 6, [.float32(0.5), .float32(-2)]), .float32([0.5, -2])),
            (.array(elementType: 7, [.bool(true), .bool(false)]), .bool([true, false])),
            (.strings(["a", "", "bc"]), .string(GGUFStrings([[97], [], [98, 99]]))),
            (.array(elementType: 8, []), .string(GGUFStrings())),
            (.array(elementType: 10, [.uint64(.max)]), .uint64([.max])),
            (.array(elementType: 11, [.int64(-1)]), .int64([-1])),
            (.array(elementType: 12, [.float64(0.1)]), .float64([0.1])),
            (
                .array(elementType: 9, [.strings(["x"]), .array(elementType: 0, [])]),
                .array([.string(GGUFStrings([[120]])), .uint8([])])
            ),
        ])
    func arrays(written: GGUFBuilder.Value, read: GGUFArray) throws {
        var builder = GGUFBuilder()
        builder.set("array", written)
        builder.set("behind", .uint8(1))
        #expect(try open(builder).metadata == ["array": .array(read), "behind": .uint8(1)])
    }

    @Test("Tokens that String holds equal, or that are no UTF-8, stay apart")
    func tokenBytes() throws {
        let composed: [UInt8] = [0xC3, 0xA9]
        let decomposed: [UInt8] = [0x65, 0xCC, 0x81]
        let half: [UInt8] = [0xC3]
        var builder = GGUFBuilder()
        builder.set("tokens", .byteStrings([composed, decomposed, half]))
        let tokens = try open(builder).strings("tokens")
        #expect(tokens.map { [UInt8]($0) } == [composed, decomposed, half])
    }

    @Test("Tensors have their outermost dimension first and their bytes where the file has them")
    func tensors() throws {
        var builder = GGUFBuilder()
        builder.addTensor("matrix", shape: [2, 3], [1, 2, 3, 4, 5, 6])
        builder.addTensor("blocks", formatCode: 8, shape: [1, 32], bytes: [UInt8](1...34))
        builder.addTensor("cube", formatCode: 1, shape: [2, 1, 3], bytes: [UInt8](1...12))
        let file = try open(builder).tensors
        let matrix = try file.description(of: "matrix")
        #expect(matrix.shape == [2, 3])
        #expect(matrix.format == .float32)
        #expect(matrix.elementCount == 6)
        #expect(try Array(matrix.bytes().suffix(4)) == LittleEndian.bytes(Float(6).bitPattern))
        let blocks = try file.description(of: "blocks")
        #expect(blocks.format == .q8_0)
        #expect(try blocks.bytes() == [UInt8](1...34))
        #expect(try file.description(of: "cube").shape == [2, 1, 3])
        #expect(file.tensors.count == 3)
    }

    @Test(
        "Every supported format has its code and takes its bytes",
        arguments: [
            (UInt32(0), TensorFormat.float32, 1024), (1, .float16, 512), (30, .bfloat16, 512), (2, .q4_0, 144),
            (3, .q4_1, 160), (6, .q5_0, 176), (7, .q5_1, 192), (8, .q8_0, 272), (10, .q2_K, 84), (11, .q3_K, 110),
            (12, .q4_K, 144), (13, .q5_K, 176), (14, .q6_K, 210), (20, .iq4_NL, 144), (23, .iq4_XS, 136),
        ])
    func formats(code: UInt32, format: TensorFormat, byteCount: Int) throws {
        var builder = GGUFBuilder()
        builder.addTensor("t", formatCode: code, shape: [3, 256], bytes: [UInt8](repeating: 1, count: 3 * byteCount))
        let description = try open(builder).tensors.description(of: "t")
        #expect(description.format == format)
        #expect(description.byteRange.count == 3 * byteCount)
    }

    @Test("general.alignment moves the tensors", arguments: [8, 24, 64, 4096])
    func alignment(alignment: Int) throws {
        var builder = GGUFBuilder()
        builder.alignment = alignment
        builder.set("general.alignment", .uint32(UInt32(alignment)))
        builder.addTensor("first", shape: [1], [1])
        builder.addTensor("second", shape: [1], [2])
        let file = try open(builder).tensors
        for (name, value) in [("first", Float(1)), ("second", 2)] {
            let description = try file.description(of: name)
            #expect(description.byteRange.lowerBound.isMultiple(of: alignment))
            #expect(try description.bytes() == LittleEndian.bytes(value.bitPattern))
        }
    }

    @Test("Version 2, no tensors, and a tensor without elements are read")
    func leastFiles() throws {
        var builder = GGUFBuilder()
        builder.version = 2
        #expect(try open(builder).metadata.isEmpty)
        builder.addTensor("none", formatCode: 0, shape: [0, 4], bytes: [])
        let file = try open(builder).tensors
        let none = try file.description(of: "none")
        #expect(none.shape == [0, 4])
        #expect(try none.bytes().isEmpty)
    }

    @Test("The getters read any width, and nil for a key that is absent")
    func getters() throws {
        var builder = GGUFBuilder()
        builder.set("string", .string("x"))
        builder.set("bool", .bool(true))
        builder.set("uint8", .uint8(8))
        builder.set("int64", .int64(-64))
        builder.set("float32", .float32(0.5))
        builder.set("float64", .float64(0.1))
        builder.set("int32s", .array(elementType: 5, [.int32(1), .int32(-1)]))
        let file = try open(builder)
        #expect(try file.string("string") == "x")
        #expect(try file.bool("bool"))
        #expect(try file.integer("uint8") == 8)
        #expect(try file.integer("int64") == -64)
        #expect(try file.number("float32") == 0.5)
        #expect(try file.number("float64") == 0.1)
        #expect(try file.integers("int32s") == [1, -1])
        #expect(try file.stringIfPresent("absent") == nil)
        #expect(try file.boolIfPresent("absent") == nil)
        #expect(try file.integerIfPresent("absent") == nil)
        #expect(try file.numberIfPresent("absent") == nil)
        #expect(try file.integersIfPresent("absent") == nil)
        #expect(try file.stringsIfPresent("absent") == nil)
    }

    @Test("The getters name file, key, and both types")
    func getterErrors() throws {
        var builder = GGUFBuilder()
        builder.set("string", .string("line\nbreak"))
        builder.set("large", .uint64(1 << 63))
        builder.set("larges", .array(elementType: 10, [.uint64(1 << 63)]))
        builder.set("strings", .strings(["a", "b"]))
        let file = try open(builder)
        func message(_ body: () throws -> Void) -> String? {
            (#expect(throws: CheckpointError.self, performing: body))?.description
                .replacing("\(directory.path)/", with: "")
        }
        #expect(message { _ = try file.string("absent") } == "model.gguf: key absent is missing")
        #expect(
            message { _ = try file.integer("string") }
                == #"model.gguf: string: expected an integer below 2^63, found string "line\nbreak""#)
        #expect(
            message { _ = try file.integer("large") }
                == "model.gguf: large: expected an integer below 2^63, found uint64 9223372036854775808")
        #expect(
            message { _ = try file.integers("larges") }
                == "model.gguf: larges: expected an array of integers below 2^63, found array of 1 uint64")
        #expect(
            message { _ = try file.bool("strings") }
                == "model.gguf: strings: expected a boolean, found array of 2 string")
        #expect(
            message { _ = try file.number("large") }
                == "model.gguf: large: expected a floating-point number, found uint64 9223372036854775808")
        #expect(
            message { _ = try file.strings("string") }
                == #"model.gguf: string: expected an array of strings, found string "line\nbreak""#)
        #expect(
            message { _ = try file.tensors.description(of: "absent.weight") }
                == "model.gguf: there is no tensor absent.weight")
    }
}
