import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// The numbers that a file of these holds after being written in a format, as float32.
private func written(_ numbers: [Float], as format: StoredNumber) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let path = FilePath("\(directory.path)/x.safetensors")
    let file = try FileWriter(creating: path)
    try SafetensorsWriter.write([TensorSource(name: "x", shape: [numbers.count], format: format, numbers)], to: file)
    try file.finish()
    return try SafetensorsFile(path: path).tensors.description(of: "x").bytes()
}

/// Every half that is finite, and the numbers at, just below and just above the middle of each two neighbours.
private let halvesAndMiddles: [Float] = (0..<0x7C00).flatMap { bits -> [Float] in
    let half = Float(Float16(bitPattern: UInt16(bits)))
    let next = bits == 0x7BFF ? half : Float(Float16(bitPattern: UInt16(bits + 1)))
    let middle = (half + next) / 2
    return [half, middle, middle.nextDown, middle.nextUp].flatMap { [$0, -$0] }
}

@Suite("Stored numbers")
struct StoredNumberTests {
    @Test("Float16 takes the nearest, and of two as near the even one")
    func float16() throws {
        var generator = SeededGenerator(seed: 1)
        let random = (0..<100_000).map { _ in
            Float(bitPattern: UInt32.random(in: 0...0x477F_0000, using: &generator))
        }
        let numbers = halvesAndMiddles + random + [.leastNonzeroMagnitude, 65519.9]
        let expected = numbers.flatMap { LittleEndian.bytes(Float16($0).bitPattern) }
        #expect(try written(numbers, as: .float16) == expected)
    }

    @Test("BFloat16 takes the nearest, and of two as near the even one")
    func bfloat16() throws {
        var generator = SeededGenerator(seed: 2)
        let numbers: [Float] = (0..<200_000).map { index in
            // A third each: any number, one that needs no rounding, one in the middle of two.
            let bits = UInt32.random(in: 0...(.max), using: &generator)
            let number = [bits, bits & 0xFFFF_0000, bits & 0xFFFF_0000 | 0x8000][index % 3]
            return number & 0x7F80_0000 >= 0x7F00_0000 ? 0 : Float(bitPattern: number)
        }
        let expected = numbers.flatMap { number -> [UInt8] in
            let below = number.bitPattern & 0xFFFF_0000
            let distance = number.bitPattern - below
            let isUp = distance > 0x8000 || distance == 0x8000 && below & 0x1_0000 != 0
            return LittleEndian.bytes(UInt16((isUp ? below + 0x1_0000 : below) >> 16))
        }
        #expect(try written(numbers, as: .bfloat16) == expected)
    }

    @Test("Float32 is stored to the bit, negative zero and subnormal numbers too")
    func float32() throws {
        let numbers: [Float] = [0, -0.0, 1, -1.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .pi]
        #expect(try written(numbers, as: .float32) == numbers.flatMap { LittleEndian.bytes($0.bitPattern) })
    }

    @Test(
        "What is not finite, or not in the format, is refused with its place",
        arguments: [
            (StoredNumber.float32, Float.infinity, "F32"), (.float32, .nan, "F32"), (.bfloat16, -.infinity, "BF16"),
            (.bfloat16, .greatestFiniteMagnitude, "BF16"), (.bfloat16, .nan, "BF16"), (.float16, 65520, "F16"),
            (.float16, -1e30, "F16"), (.float16, .nan, "F16"),
        ])
    func refused(format: StoredNumber, number: Float, name: String) throws {
        // In the second piece.
        let numbers = (0..<70_000).map { $0 == 69_000 ? number : 1 }
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/x"
        let file = try FileWriter(creating: FilePath(path))
        let error = #expect(throws: CheckpointError.self) {
            try SafetensorsWriter.write([TensorSource(name: "w", shape: [70_000], format: format, numbers)], to: file)
        }
        #expect(
            error?.description == "\(path): tensor w: number 69000 is \(number), which is not finite as \(name)")
    }
}
