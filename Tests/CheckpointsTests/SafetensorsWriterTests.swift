import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Tensors of every format, given in no order.
private var mixed: [TensorSource] {
    [
        TensorSource(name: "rng", bytes: [1, 2, 3]),
        TensorSource(name: "b", shape: [2, 3], format: .float32, [1, 2, 3, 4, 5, -6.5]),
        TensorSource(name: "half", shape: [3], format: .float16, [0.5, 1, -2]),
        TensorSource(name: "steps", shape: [2], [7, -1]),
        TensorSource(name: "a \"quoted\" name", shape: [], format: .float32, [9]),
        TensorSource(name: "brain", shape: [1, 1], format: .bfloat16, [3]),
        TensorSource(name: "nothing", shape: [0, 4], format: .float32, []),
    ]
}

/// The pieces that a source was asked for.
private final class PieceLog {
    var asked: [Range<Int>] = []
}

private func write(_ tensors: [TensorSource], metadata: [String: String] = ["format": "pt"]) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let path = FilePath("\(directory.path)/x")
    let file = try FileWriter(creating: path)
    try SafetensorsWriter.write(tensors, metadata: metadata, to: file)
    let digest = try file.finish()
    let bytes = try RegularFile(path: path).bytes()
    #expect(try SHA256Digest(of: bytes) == digest)
    #expect(file.byteCount == bytes.count)
    return bytes
}

@Suite("Safetensors writer")
struct SafetensorsWriterTests {
    @Test("A file is its header's length, the header padded to 8 bytes, and the numbers, larger ones first")
    func layout() throws {
        let bytes = try write([
            TensorSource(name: "y", shape: [3], format: .float16, [1, 2, 0]),
            TensorSource(name: "x", shape: [1, 2], format: .float32, [1, 0.5]),
        ])
        let header =
            #"{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"#
            + #""y":{"dtype":"F16","shape":[3],"data_offsets":[8,14]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        #expect(
            bytes == LittleEndian.bytes(UInt64(padded.utf8.count)) + Array(padded.utf8)
                + [0, 0, 0x80, 0x3F, 0, 0, 0, 0x3F, 0, 0x3C, 0, 0x40, 0, 0])
    }

    @Test("What is written is read back: names, shapes, numbers, bytes and metadata")
    func readBack() throws {
        let directory = try TemporaryDirectory()
        let bytes = try write(mixed, metadata: ["format": "pt", "step": "12"])
        let path = FilePath(try directory.write(bytes, to: "x.safetensors"))
        let file = try SafetensorsFile(path: path, allowsRawTensors: true)
        #expect(file.metadata == ["format": "pt", "step": "12"])
        #expect(file.tensors.tensors.keys.sorted() == ["a \"quoted\" name", "b", "brain", "half", "nothing"])
        let matrix = try file.tensors.description(of: "b")
        #expect(matrix.shape == [2, 3] && matrix.format == .float32)
        #expect(
            try matrix.bytes() == [1, 2, 3, 4, 5, -6.5].flatMap { LittleEndian.bytes(Float($0).bitPattern) })
        #expect(try file.tensors.description(of: "half").bytes() == [0, 0x38, 0, 0x3C, 0, 0xC0])
        #expect(try file.tensors.description(of: "brain").bytes() == [0x40, 0x40])
        #expect(try file.tensors.description(of: "a \"quoted\" name").shape == [])
        #expect(try file.tensors.description(of: "nothing").byteRange.isEmpty)
        #expect(try file.rawTensors["rng"]?.bytes() == [1, 2, 3])
        #expect(try file.rawTensors["steps"]?.integers() == [7, -1])
        #expect(throws: CheckpointError.self) { try file.rawTensors["rng"]?.integers() }
        // Every tensor begins at a multiple of its numbers' size, as readers that map the file need.
        for tensor in file.tensors.tensors.values {
            #expect(tensor.byteRange.lowerBound % tensor.format.bytesPerBlock == 0)
        }
    }

    @Test("Tensors that are no weights are refused where none are expected")
    func rawTensorsAreRefused() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(write(mixed), to: "x.safetensors")
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: FilePath(path)) }
        #expect(error == .unsupportedTensorFormat(file: path, tensor: "rng", format: "U8"))
    }

    @Test(
        "Raw tensors are held to the same rules as weights",
        arguments: [
            (
                #"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,7]}}"#,
                "tensor a: expected 8 bytes for its shape, found 7"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[9223372036854775807,2],"data_offsets":[0,7]}}"#,
                "tensor a of shape [9223372036854775807, 2] is larger than any file"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[3,7]}}"#,
                "the tensors a and b share bytes"
            ),
            (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}"#, "bytes 64 to 68 belong to no tensor"),
        ])
    func rawRefusals(header: String, message: String) throws {
        let directory = try TemporaryDirectory()
        let bytes = SafetensorsBuilder.file(header: header, data: [UInt8](repeating: 0, count: 7))
        let path = try directory.write(bytes, to: "x.safetensors")
        let error = #expect(throws: CheckpointError.self) {
            try SafetensorsFile(path: FilePath(path), allowsRawTensors: true)
        }
        let start = 8 + header.utf8.count
        #expect(error?.description == "\(path): \(message.replacing("64 to 68", with: "\(start) to \(start + 4)"))")
    }

    @Test("A tensor is asked for in pieces, in order, none of them large")
    func pieces() throws {
        let shape = [300, 1000]
        let log = PieceLog()
        let tensor = TensorSource(name: "w", shape: shape, format: .float32) { offset, piece in
            log.asked.append(offset..<offset + piece.count)
            for index in piece.indices { piece[index] = Float(offset + index) }
        }
        let bytes = try write([tensor])
        let asked = log.asked
        #expect(asked.count > 1 && asked.allSatisfy { $0.count <= 1 << 16 })
        #expect(asked.first?.lowerBound == 0 && asked.last?.upperBound == 300_000)
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let expected = (0..<300_000).flatMap { LittleEndian.bytes(Float($0).bitPattern) }
        #expect(bytes.suffix(1_200_000).elementsEqual(expected))
    }

    @Test("A source's error ends the writing")
    func sourceErrors() throws {
        let tensor = TensorSource(name: "w", shape: [1], format: .float32) { _, _ throws(CheckpointError) in
            throw .digestUnavailable
        }
        #expect(throws: CheckpointError.digestUnavailable) { try write([tensor]) }
    }

    @Test(
        "Tensors are shared out to files of the size asked for, and read back through the index",
        arguments: [(16, 4), (20, 3), (55, 2), (56, 1)])
    func shards(size: Int, count: Int) throws {
        let directory = try TemporaryDirectory()
        // 8, 8, 20, 16 and 4 bytes.
        let tensors = [2, 2, 5, 4, 1].enumerated().map { index, length in
            TensorSource(
                name: "t\(index)", shape: [length], format: .float32, [Float](repeating: Float(index), count: length))
        }
        let path = FilePath("\(directory.path)/model")
        let documents = [
            FileContents(name: "config.json", bytes: Array("{}".utf8)),
            FileContents(name: "tokenizer.json", bytes: Array("{}".utf8)),
        ]
        try DurableDirectory.write(
            documents + SafetensorsWriter.modelFiles(tensors, shardSize: size), to: path)
        let checkpoint = try Checkpoint(path: path)
        #expect(checkpoint.tensors.files.count == count)
        let names = checkpoint.tensors.files.compactMap { $0.path.lastComponent?.string }
        if count == 1 {
            #expect(names == ["model.safetensors"])
        } else {
            let last = "0000\(count)-of-0000\(count)"
            #expect(names.first == "model-00001-of-0000\(count).safetensors")
            #expect(names.last == "model-\(last).safetensors")
        }
        for index in 0..<5 {
            let numbers = try checkpoint.tensors.description(of: "t\(index)").bytes()
            #expect(numbers.prefix(4).elementsEqual(LittleEndian.bytes(Float(index).bitPattern)))
        }
    }
}
