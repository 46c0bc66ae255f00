/// What makes an instruct model an encoder, beside its weights: part of a checkpoint's fingerprint.
package struct GraceSettings: Sendable, Equatable {
    /// The system message before every text.
    package var systemPrompt: String

    /// The method's settings, where nothing else is said.
    package init(systemPrompt: String = GraceSettings.publishedSystemPrompt) {
        self.systemPrompt = systemPrompt
    }

    /// The method's own (section 1.1).
    package static let publishedSystemPrompt = """
        Read and analyze the following text, then you need to provide your reasoning within <think></think> tags. \
        Finally, generate a comprehensive understanding of this text.
        """

    /// The prompt's published limit, in tokens (section 1.2).
    package static let publishedMaxInputTokens = 1024

    /// The rationale's published limit, in tokens (section 1.2).
    package static let publishedMaxRationaleTokens = 2048
}
