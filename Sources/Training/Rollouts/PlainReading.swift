import Datasets
import Grace
import Tokenization
import Transformer

/// Texts as a model reads them that is not asked for a rationale: by themselves, and as the answer to somebody.
struct PlainReading {
    private let tokenizer: Tokenizer
    private let conversation: GracePromptBuilder
    private let maxTokens: Int

    /// The system message of answers.
    private static let systemPrompt = "Answer the user's message."

    init(_ writer: RolloutWriter) {
        tokenizer = writer.promptBuilder.tokenizer
        conversation = writer.promptBuilder.with(systemPrompt: Self.systemPrompt)
        maxTokens = writer.settings.maxPromptTokens
    }

    /// Each example's text, in turn by itself and as the answer to its query.
    ///
    /// - Throws: `TrainingError.grace`
    func sequences(of examples: some Sequence<TrainingExample>) throws(TrainingError) -> [TrainingSequence] {
        var sequences: [TrainingSequence] = []
        for (index, example) in examples.enumerated() {
            let tokens = Array(tokenizer.encode(example.main, controlTokens: .asText).prefix(maxTokens))
            if index.isMultiple(of: 2) {
                guard tokens.count > 1 else { continue }
                sequences.append(
                    TrainingSequence(prompt: [tokens[0]], poolingStart: 0, rationale: Array(tokens.dropFirst())))
            } else {
                let prompt: GracePrompt
                do throws(GraceError) {
                    prompt = try conversation.prompt(for: example.query, limit: maxTokens, truncation: .right)
                } catch {
                    throw .grace(error)
                }
                sequences.append(
                    TrainingSequence(prompt: prompt.tokens, poolingStart: prompt.poolingStart, rationale: tokens))
            }
        }
        return sequences
    }
}
