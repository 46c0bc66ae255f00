import Transformer

/// How the tokens of a rationale are chosen.
package struct SamplingSettings: Sendable, Hashable {
    /// 0 takes the likeliest token; above, logits are divided by it.
    package var temperature: Float
    /// The probability mass that may be drawn from, over 0 and at most 1.
    package var topP: Float
    /// Decides every draw, whatever else is in the batch.
    package var seed: UInt64

    /// Takes the values as they are: who reads them from outside checks their ranges.
    package init(temperature: Float, topP: Float, seed: UInt64) {
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
    }
}

/// One rationale to write and one vector to pool: the engine sees token ids, never text.
package struct GenerationRequest: Sendable, Hashable {
    /// The rendered prompt; at least one token.
    package var prompt: [TokenID]
    /// The first token whose hidden state is pooled (method, section 1.4); before the prompt's end.
    package var poolingStart: Int
    /// 0 pools the prompt alone.
    package var maxRationaleTokens: Int
    /// How the rationale's tokens are chosen.
    package var sampling: SamplingSettings
    /// Whether the result is to tell what the model gave each token that it drew: training compares it with its own.
    package var wantsLogProbabilities: Bool
    /// Whether the result is to hold the state of each pooled token, and not their mean alone.
    package var wantsTokenStates: Bool
    /// Whether the result is to tell how near the mean was to the final one while the rationale was written.
    package var wantsTrace = false
    /// The rationale ends after the first window that moved the mean by less than this: 1 less the cosine of the means before and
    /// after it. nil never ends it.
    package var stableBelow: Double?

    /// Tokens of the rationale between two looks at the mean.
    package static let window = 8

    /// Takes the parts as they are; `poolingStart` must lie before the prompt's end.
    package init(
        prompt: [TokenID], poolingStart: Int, maxRationaleTokens: Int, sampling: SamplingSettings,
        wantsLogProbabilities: Bool = false, wantsTokenStates: Bool = false
    ) {
        self.wantsLogProbabilities = wantsLogProbabilities
        self.wantsTokenStates = wantsTokenStates
        self.prompt = prompt
        self.poolingStart = poolingStart
        self.maxRationaleTokens = maxRationaleTokens
        self.sampling = sampling
    }

    /// Positions of the key-value cache that the request can come to fill.
    var positionCount: Int { prompt.count + maxRationaleTokens }

    /// Tokens whose states can come to be pooled.
    package var pooledTokenLimit: Int { positionCount - poolingStart }

    /// How many tokens of a prefix that was computed before need not be run again. Tokens whose states are pooled are
    /// never shared, for the mean needs them.
    func sharedTokenCount(with prefix: [TokenID]) -> Int {
        zip(prefix, prompt.prefix(poolingStart)).prefix { $0 == $1 }.count
    }
}

/// Why a rationale ended.
package enum FinishReason: String, Sendable, CaseIterable {
    /// The model ended its turn.
    case stop
    /// The limit of tokens was reached.
    case length
    /// The mean moved by less than the request asks for.
    case stable
}

/// A rationale and the mean of the hidden states that produced it.
package struct GenerationResult: Sendable, Equatable {
    /// The rationale's tokens, without the one that ended it.
    package let rationale: [TokenID]
    /// What ended the rationale; `length` where none was asked for.
    package let finishReason: FinishReason
    /// The token that ended the rationale; nil where none did.
    package let stopToken: TokenID?
    /// Of each token that was drawn, the one that ended the rationale among them, under the logits over the temperature; empty
    /// unless they were asked for, and where greedy.
    package let logProbabilities: [Float]
    /// Mean over tokens from `poolingStart` on, not normalised, `[channels]`.
    package let mean: [Float]
    /// The states that the mean is of, in the order of their tokens, `[tokens, channels]`; empty unless asked for.
    package let tokenStates: [Float]
    /// After each whole window of the rationale, the cosine of the mean so far and the final one; empty unless asked for.
    package let trace: [Float]
    /// Tokens that were guessed and run; it depends on what else was in the batch.
    package let draftedTokenCount: Int
    /// Those of them that were what was sampled: each spared a step.
    package let acceptedTokenCount: Int
    /// From submission to a place in the batch.
    package let queueTime: Duration
    /// From a place in the batch to the end.
    package let inferenceTime: Duration
}

/// Why a request was not carried out.
package enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The requests that are live or wait, these among them, would be more than `limit`.
    case queueFull(present: Int, submitted: Int, limit: Int)
    /// The request could never fit the key-value cache.
    case tooManyPositions(needed: Int, limit: Int)
    /// The states of the request's tokens could never be kept together.
    case tooManyTokenStates(needed: Int, limit: Int)
    /// The states that others keep, and these, would be more than `limit`.
    case tokenStatesFull(present: Int, needed: Int, limit: Int)
    /// The caller went away.
    case cancelled
    /// The engine is stopping, or has stopped.
    case stopped
    /// The model computed a value that is not finite.
    case notFinite(position: Int)

    package var description: String {
        switch self {
        case .queueFull(let present, let submitted, let limit):
            "the queue is full: with \(present) texts in it, \(submitted) more would pass the limit of \(limit)"
        case .tooManyPositions(let needed, let limit):
            "prompt and rationale need \(needed) tokens of cache, more than the limit of \(limit)"
        case .tooManyTokenStates(let needed, let limit):
            "the states of up to \(needed) tokens would have to be kept, more than the limit of \(limit)"
        case .tokenStatesFull(let present, let needed, let limit):
            "with the states of \(present) tokens kept for others, \(needed) more would pass the limit of \(limit)"
        case .cancelled: "the request was cancelled"
        case .stopped: "the engine has stopped"
        case .notFinite(let position): "the model computed a value that is not finite at token \(position)"
        }
    }
}
