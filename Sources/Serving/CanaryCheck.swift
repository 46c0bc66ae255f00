import Checkpoints
import Engine
import Grace

/// What a canary text showed.
package enum CanaryFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The model failed.
    case failed(text: String, GraceError)
    /// A vector without a direction.
    case zero(text: String)
    /// The same text gave two vectors.
    case notDeterministic(text: String, cosine: Double)
    /// The vector is not that of `grace.json`.
    case wrongLength(text: String, expected: Int, found: Int)
    /// The vector is too far from that of `grace.json`.
    case tooFar(text: String, expected: Double, found: Double)

    package var description: String {
        switch self {
        case .failed(let text, let error): "\(Self.quoted(text)): \(error)"
        case .zero(let text): "\(Self.quoted(text)): the vector is zero"
        case .notDeterministic(let text, let cosine):
            "\(Self.quoted(text)): two vectors of the same text have the cosine \(cosine)"
        case .wrongLength(let text, let expected, let found):
            "\(Self.quoted(text)): the vector in grace.json has \(expected) numbers, the model's \(found)"
        case .tooFar(let text, let expected, let found):
            "\(Self.quoted(text)): the cosine to the vector in grace.json is \(found), expected at least \(expected)"
        }
    }

    private static func quoted(_ text: String) -> String { "\"\(text.prefix(40))\(text.count > 40 ? "…" : "")\"" }
}

/// Tries a model before anybody relies on it: it embeds texts, which also warms it up.
enum CanaryCheck {
    /// Texts for every checkpoint: of one token, and of several scripts.
    private static let texts = ["a", "Übung macht den Meister: 熟能生巧 🐈"]
    /// With the prompt around it more tokens than a step takes at once. Once only: large models take their time.
    private static let longText = String(repeating: "The cat sleeps. ", count: 60)
    private static let rationaleTokens = 8

    /// Vectors are finite, not zero, the same again, and those of `grace.json`.
    ///
    /// - Throws: `CanaryFailure`
    static func run(_ embedder: Embedder) async throws(CanaryFailure) {
        for text in texts {
            let first = try await nonzeroVector(of: text, embedder)
            let second = try await vector(of: text, rationaleTokens, embedder)
            // Where products depend on what else is computed, the last bits may differ.
            let isSame = embedder.model.isBatchInvariant ? first == second : cosine(first, second) > 0.9999
            guard isSame else { throw .notDeterministic(text: text, cosine: cosine(first, second)) }
        }
        _ = try await nonzeroVector(of: longText, embedder)
        for canary in embedder.model.canaries {
            let found = try await vector(of: canary.text, canary.maxRationaleTokens, embedder)
            guard found.count == canary.embedding.count else {
                throw .wrongLength(text: canary.text, expected: canary.embedding.count, found: found.count)
            }
            let cosine = cosine(found.map(Double.init), canary.embedding)
            guard cosine >= canary.minimumCosine else {
                throw .tooFar(text: canary.text, expected: canary.minimumCosine, found: cosine)
            }
        }
    }

    private static func nonzeroVector(of text: String, _ embedder: Embedder) async throws(CanaryFailure) -> [Float] {
        let vector = try await vector(of: text, rationaleTokens, embedder)
        guard vector.contains(where: { $0 != 0 }) else { throw .zero(text: text) }
        return vector
    }

    private static func vector(
        of text: String, _ rationaleTokens: Int, _ embedder: Embedder
    ) async throws(CanaryFailure) -> [Float] {
        do throws(GraceError) {
            let settings = EmbeddingSettings(maxRationaleTokens: min(rationaleTokens, embedder.model.contextLength / 2))
            return try await embedder.embedAnew(text, settings: settings).vector
        } catch {
            throw .failed(text: text, error)
        }
    }

    private static func cosine(_ first: [Float], _ second: [Float]) -> Double {
        cosine(first.map(Double.init), second.map(Double.init))
    }

    private static func cosine(_ first: [Double], _ second: [Double]) -> Double {
        let product = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
        let squares = first.reduce(0) { $0 + $1 * $1 } * second.reduce(0) { $0 + $1 * $1 }
        return squares > 0 ? product / squares.squareRoot() : 0
    }
}
