import Foundation

/// What PyTorch and transformers computed for one checkpoint: a `golden.json`.
package struct Golden: Decodable, Sendable {
    package struct Tokens: Decodable, Sendable {
        package let text: String
        package let ids: [Int32]
    }

    package struct Case: Decodable, Sendable {
        package let text: String
        package let rendered: String
        package let promptIds: [Int32]
        package let rationaleIds: [Int32]
        package let rationale: String
        package let poolingStart: Int
        package let firstLogitsHead: [Float]
        package let firstLogitsNorm: Float
        package let embeddingUnnormalised: [Float]
        package let embedding: [Float]
        package let embeddingWithoutRationale: [Float]
    }

    /// Absent for adapters, which share their base's tokenizer.
    package let systemPrompt: String?
    package let tokens: [Tokens]?
    package let cases: [Case]

    /// The most tokens of any rationale of `checkpoint` in the script that made the goldens.
    package static func maxRationaleTokens(of checkpoint: String) -> Int {
        switch checkpoint {
        case "smollm2": 32
        case "smollm2-lora": 16
        default: 24
        }
    }

    /// The golden of a part of the reference directory; nil where that part was not made.
    package static func load(_ checkpoint: String) throws -> Golden? {
        guard let url = ReferenceDirectory.file("\(checkpoint)/golden.json") else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Golden.self, from: Data(contentsOf: url))
    }
}
