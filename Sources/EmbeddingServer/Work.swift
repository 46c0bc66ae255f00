import Engine
import Grace
import HTTP
import JSON

/// Inputs embedded, and what was asked for: what each dialect makes its answer of.
struct Work {
    let request: ValidatedRequest
    let embeddings: [Embedding]
    let model: LoadedModel

    /// Cut and normalised as asked for, in the order of the inputs.
    var vectors: [[Float]] { embeddings.map { request.form.vector(of: $0.vector) } }

    /// The answer of `/explain`.
    var explanations: [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            for embedding in embeddings {
                let vector = request.withEmbedding ? request.form.vector(of: embedding.vector) : nil
                writer.object { $0.explanation(embedding, checkpoint: model.identity, vector: vector) }
            }
        }
        return writer.bytes
    }

    /// Tokens of all prompts, template and system message included.
    var promptTokenCount: Int { embeddings.reduce(0) { $0 + $1.promptTokenCount } }

    /// Tokens of all rationales.
    var rationaleTokenCount: Int { embeddings.reduce(0) { $0 + $1.rationaleTokens.count } }

    /// The answer, with the headers that every dialect has.
    func response(body: [UInt8], start: ContinuousClock.Instant) -> HTTPResponse {
        var response = HTTPResponse(json: body)
        response.headers.append("x-grace-checkpoint", model.identity.description)
        response.headers.append("x-grace-compute", model.compute)
        response.headers.append("x-grace-cache", cacheHeader)
        for (name, value) in metrics(totalTime: .now - start) {
            response.headers.append(name, "\(value)")
        }
        return response
    }

    /// Counts, and times in milliseconds; of several texts the longest time.
    private func metrics(totalTime: Duration) -> [(String, Int)] {
        func longest(_ time: (Embedding) -> Duration) -> Int {
            embeddings.map(time).max()?.milliseconds ?? 0
        }
        return [
            ("x-compute-tokens", promptTokenCount + rationaleTokenCount),
            ("x-rationale-tokens", rationaleTokenCount),
            ("x-drafted-tokens", embeddings.reduce(0) { $0 + $1.draftedTokenCount }),
            ("x-accepted-tokens", embeddings.reduce(0) { $0 + $1.acceptedTokenCount }),
            ("x-total-time", totalTime.milliseconds),
            ("x-queue-time", longest(\.queueTime)),
            ("x-inference-time", longest(\.inferenceTime)),
        ]
    }

    /// Of one text its source; of several how many have each, in an order of their own.
    private var cacheHeader: String {
        let sources = embeddings.map(\.source)
        if sources.count == 1 { return sources[0].rawValue }
        return ResultSource.allCases.map { source in
            "\(source.rawValue)=\(sources.count { $0 == source })"
        }.joined(separator: ", ")
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}
