/// A request that an engine has taken: awaited, or cancelled, by who submitted it.
package struct Generation: Sendable {
    let id: BatchScheduler.RequestID
    let promise: Promise<GenerationResult>

    /// The result, once it is there. At most one task may wait.
    ///
    /// - Throws: `EngineError`
    package func result() async throws(EngineError) -> GenerationResult {
        try await promise.value()
    }
}
