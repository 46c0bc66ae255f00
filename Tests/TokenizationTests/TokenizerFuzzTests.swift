import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct TokenizerFuzzTests {
    private let multiplier = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1

    @Test("A damaged tokenizer.json gives an error or a tokenizer that works")
    func damagedFile() {
        let sample = Array(SampleFile.text.utf8)
        var mutator = Mutator(seed: 1)
        var accepted = 0
        var refused = 0
        for _ in 0..<(1500 * multiplier) {
            tryLoading(mutator.mutate(sample), accepted: &accepted, refused: &refused)
        }
        // The damage is neither always fatal nor always harmless, so both outcomes were tried.
        #expect(accepted > 0)
        #expect(refused > 0)
    }

    @Test("A tokenizer.json cut short is an error")
    func truncatedFile() {
        let sample = Array(SampleFile.text.utf8)
        for length in stride(from: 0, to: sample.count, by: 7) {
            #expect(throws: TokenizationError.self) { try Tokenizer(json: Array(sample[..<length])) }
        }
    }

    @Test("Damaged GGUF metadata give an error or a tokenizer that works")
    func damagedMetadata() {
        var generator = SeededGenerator(seed: 2)
        var mutator = Mutator(seed: 3)
        let bytes = (UInt8.min...UInt8.max).map { String(ByteVocabulary.character(of: $0)) }
        for _ in 0..<(500 * multiplier) {
            var tokens = bytes + ["ab", "abc", "<|end|>"]
            var types = Array(repeating: 1, count: 258) + [3]
            var merges = ["a b", "ab c"]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                switch Int.random(in: 0..<3, using: &generator) {
                case 0:
                    let index = tokens.indices.randomElement(using: &generator) ?? 0
                    tokens[index] = String(decoding: mutator.mutate(Array(tokens[index].utf8)), as: UTF8.self)
                case 1:
                    types[types.indices.randomElement(using: &generator) ?? 0] = Int.random(
                        in: -1...8, using: &generator)
                default:
                    merges[0] = String(decoding: mutator.mutate(Array(merges[0].utf8)), as: UTF8.self)
                }
            }
            do throws(TokenizationError) {
                let definition = try TokenizerDefinition(
                    tokens: tokens, tokenTypes: types, merges: merges, preTokenizerName: "llama-bpe")
                use(try Tokenizer(definition))
            } catch {
                #expect(!"\(error)".contains("\n"))
            }
        }
    }

    private func tryLoading(_ json: [UInt8], accepted: inout Int, refused: inout Int) {
        do throws(TokenizationError) {
            use(try Tokenizer(json: json))
            accepted += 1
        } catch {
            refused += 1
            #expect(!"\(error)".contains("\n"))
        }
    }

    /// Encodes and decodes; bytes may be without a token, so what comes back need not be the text.
    private func use(_ tokenizer: Tokenizer) {
        let text = "abc abc 123 <|end|><think> e\u{301} 東京\n\n"
        let encoding = tokenizer.encode(text, plainTextRange: 4..<20)
        #expect(encoding.ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
        #expect(encoding.ids.count == encoding.byteRanges.count)
        var decoder = StreamingDecoder(tokenizer, skipControlTokens: true)
        let streamed = encoding.ids.map { decoder.append($0) }.joined() + decoder.finish()
        #expect(sameScalars(streamed, tokenizer.decode(encoding.ids, skipControlTokens: true)))
    }
}
