/// Told of the texts of requests as they are embedded, for who counts them.
///
/// Called by the task of the request: what it does must be short.
package protocol EmbeddingObserver: Sendable {
    /// The texts of one request are about to be embedded; one of the other two follows.
    func began(textCount: Int)

    /// They were, all of them: an embedding for each text, in order.
    ///
    /// - Parameter tokenizationTime: what it took to make prompts of all of them.
    func ended(_ inputs: [EmbeddingInput], _ embeddings: [Embedding], tokenizationTime: Duration)

    /// None of them was, or their caller has gone.
    func failed(textCount: Int, _ error: GraceError)
}
