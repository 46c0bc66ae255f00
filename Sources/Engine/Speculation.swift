/// How far a step may run ahead of what is written: tokens that are guessed, run with those that are known, and kept where
/// they are what is sampled. It changes how long a rationale takes, and nothing else.
package struct Speculation: Sendable, Equatable {
    /// With more live requests than this nothing is guessed: a step of a few tokens waits for memory, a guess more costs it
    /// little; a step of many does not.
    package var maxLiveRequests: Int
    /// Guesses of one step, of all requests together.
    package var maxStepDraftTokens: Int

    /// The defaults are measured: see `docs/benchmarks.md`.
    ///
    /// - Precondition: both are at least 1.
    package init(maxLiveRequests: Int = 8, maxStepDraftTokens: Int = 16) {
        precondition(maxLiveRequests > 0 && maxStepDraftTokens > 0, "speculation without a request or a token")
        self.maxLiveRequests = maxLiveRequests
        self.maxStepDraftTokens = maxStepDraftTokens
    }
}
