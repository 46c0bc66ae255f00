import Confinement
import Engine
import Transformer

/// Who is told what becomes of a request before its results are there.
package struct GenerationProgress: Sendable {
    /// The request has its places in the queue: what fails from now on fails late.
    let accepted: @Sendable () -> Void
    /// Tokens of one text's rationale, in their order. Called on the generation thread too, which waits for it.
    let wrote: @Sendable (_ tokens: [TokenID], _ index: Int) -> Void

    /// Takes both as they are; they must be quick, and not ask the engine for anything.
    package init(
        accepted: @escaping @Sendable () -> Void,
        wrote: @escaping @Sendable (_ tokens: [TokenID], _ index: Int) -> Void
    ) {
        self.accepted = accepted
        self.wrote = wrote
    }

    /// A report on one text.
    func report(on index: Int) -> GenerationReport {
        GenerationReport { wrote($0, index) }
    }
}

/// Tells of each token of one rationale once, whether it is heard of while it is written or with the result.
final class GenerationReport: Sendable {
    private let wrote: @Sendable ([TokenID]) -> Void
    private let toldCount = Confined(0)

    init(_ wrote: @escaping @Sendable ([TokenID]) -> Void) {
        self.wrote = wrote
    }

    /// The next tokens.
    func tell(_ tokens: [TokenID]) {
        toldCount.withState { $0 += tokens.count }
        wrote(tokens)
    }

    /// All tokens: those of which nothing was told yet are told of.
    func complete(_ result: GenerationResult) {
        let rest = result.rationale.dropFirst(toldCount.withState { $0 })
        if !rest.isEmpty { tell(Array(rest)) }
    }
}
