import Transformer

/// How a row's mean moves while its rationale is written: it is looked at when the prompt is complete, and after each window.
struct MeanWindows {
    private let promptCount: Int
    private let keepsMeans: Bool
    private let stableBelow: Double?
    /// After the window before, or of the prompt.
    private var previous: [Float] = []
    private var means: [[Float]] = []
    /// Whether the last window moved the mean by less than is asked for.
    private(set) var isStable = false

    /// nil where nobody asks how the mean moves.
    init?(_ request: GenerationRequest) {
        guard request.wantsTrace || request.stableBelow != nil else { return nil }
        promptCount = request.prompt.count - request.poolingStart
        keepsMeans = request.wantsTrace
        stableBelow = request.stableBelow
    }

    /// Looks at a mean to which one token was added.
    mutating func look(at pool: MeanPool) {
        let written = pool.count - promptCount
        guard written >= 0, written % GenerationRequest.window == 0 else { return }
        let mean = pool.mean
        if written > 0 {
            if let stableBelow { isStable = 1 - cosine(previous, mean) < stableBelow }
            if keepsMeans { means.append(mean) }
        }
        previous = mean
    }

    /// Of each window the cosine of the mean after it and the final one.
    func trace(to mean: [Float]) -> [Float] { means.map { Float(cosine($0, mean)) } }
}

/// 0 where a vector is zero; 1 of a vector and itself.
private func cosine(_ first: [Float], _ second: [Float]) -> Double {
    var (product, firstSquares, secondSquares) = (0.0, 0.0, 0.0)
    for (a, b) in zip(first, second) {
        product += Double(a) * Double(b)
        firstSquares += Double(a) * Double(a)
        secondSquares += Double(b) * Double(b)
    }
    let norms = (firstSquares * secondSquares).squareRoot()
    // Rounding must not lead out of what a cosine can be.
    return norms > 0 ? min(max(product / norms, -1), 1) : 0
}
