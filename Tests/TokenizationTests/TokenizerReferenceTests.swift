import Foundation
import TestSupport
import Testing
import Tokenization

/// Token identifiers and decoded text equal those of Hugging Face's libraries.
@Suite struct TokenizerReferenceTests {
    @Test(
        "Encoding and decoding give the reference's numbers and texts",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func golden(checkpoint: String) throws {
        guard let golden = try Golden.load(checkpoint),
            let tokenizerFile = ReferenceDirectory.file("\(checkpoint)/tokenizer.json")
        else { return }
        let tokenizer = try Tokenizer(json: [UInt8](Data(contentsOf: tokenizerFile)))
        for tokens in try #require(golden.tokens) {
            #expect(tokenizer.encode(tokens.text, controlTokens: .recognised) == tokens.ids, "\(tokens.text)")
        }
        for example in golden.cases {
            #expect(tokenizer.encode(example.rendered, controlTokens: .recognised) == example.promptIds)
            #expect(
                sameScalars(tokenizer.decode(example.rationaleIds, skipControlTokens: true), example.rationale))
            let text = try #require(
                example.rendered.range(
                    of: example.text.trimmingCharacters(in: .whitespaces), options: [.backwards, .literal]))
            let lower = example.rendered.utf8.distance(from: example.rendered.startIndex, to: text.lowerBound)
            let upper = example.rendered.utf8.distance(from: example.rendered.startIndex, to: text.upperBound)
            #expect(tokenizer.encode(example.rendered, plainTextRange: lower..<upper).ids == example.promptIds)
        }
    }
}
