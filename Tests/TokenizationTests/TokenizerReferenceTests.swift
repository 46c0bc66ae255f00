import Foundation
import TestSupport
import Testing
import Tokenization

/// Token identifiers and decoded text equal those of Hugging Face's libraries.
@Suite struct TokenizerReferenceTests {
    private struct Golden: Decodable {
        struct Tokens: Decodable {
            var text: String
            var ids: [TokenID]
        }

        struct Case: Decodable {
            var text: String
            var rendered: String
            var promptIDs: [TokenID]
            var rationaleIDs: [TokenID]
            var rationale: String

            enum CodingKeys: String, CodingKey {
                case text, rendered, rationale
                case promptIDs = "prompt_ids"
                case rationaleIDs = "rationale_ids"
            }
        }

        var tokens: [Tokens]
        var cases: [Case]
    }

    @Test(
        "Encoding and decoding give the reference's numbers and texts",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func golden(checkpoint: String) throws {
        guard let tokenizerFile = ReferenceDirectory.file("\(checkpoint)/tokenizer.json"),
            let goldenFile = ReferenceDirectory.file("\(checkpoint)/golden.json")
        else {
            print("skipped: there is no \(checkpoint) under \(ReferenceDirectory.root.path)")
            return
        }
        let tokenizer = try Tokenizer(json: [UInt8](Data(contentsOf: tokenizerFile)))
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: goldenFile))
        #expect(!golden.tokens.isEmpty && !golden.cases.isEmpty)
        for tokens in golden.tokens {
            #expect(tokenizer.encode(tokens.text, controlTokens: .recognised) == tokens.ids, "\(tokens.text)")
        }
        for example in golden.cases {
            #expect(tokenizer.encode(example.rendered, controlTokens: .recognised) == example.promptIDs)
            #expect(
                sameScalars(tokenizer.decode(example.rationaleIDs, skipControlTokens: true), example.rationale))
            let text = try #require(
                example.rendered.range(
                    of: example.text.trimmingCharacters(in: .whitespaces), options: [.backwards, .literal]))
            let lower = example.rendered.utf8.distance(from: example.rendered.startIndex, to: text.lowerBound)
            let upper = example.rendered.utf8.distance(from: example.rendered.startIndex, to: text.upperBound)
            #expect(tokenizer.encode(example.rendered, plainTextRange: lower..<upper).ids == example.promptIDs)
        }
    }
}
