import Engine
import Grace

/// Why there is nothing to report.
package enum BenchmarkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The list of concurrencies is empty.
    case noConcurrency
    /// An option's value is not allowed.
    case outOfRange(option: String, value: Int, allowed: ClosedRange<Int>)
    /// Prompt and rationale do not fit the model's context.
    case contextTooShort(promptTokens: Int, rationaleTokens: Int, contextLength: Int)
    /// There is no such model, or it cannot be loaded.
    case model(GraceError)
    /// The engine refused or gave up.
    case engine(EngineError)
    /// In no step did all texts write: there is nothing to measure decoding by.
    case neverAllWriting(concurrency: Int)

    /// Whether what was asked for is at fault, and not what was met while measuring it.
    package var isUsage: Bool {
        switch self {
        case .noConcurrency, .outOfRange, .contextTooShort: true
        case .model, .engine, .neverAllWriting: false
        }
    }

    package var description: String {
        switch self {
        case .noConcurrency: "--concurrency names no number"
        case .outOfRange(let option, let value, let allowed):
            "\(option) is \(value), allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .contextTooShort(let promptTokens, let rationaleTokens, let contextLength):
            "a prompt of \(promptTokens) and a rationale of \(rationaleTokens) tokens do not fit the model's context of "
                + "\(contextLength)"
        case .model(let error): "\(error)"
        case .engine(let error): "\(error)"
        case .neverAllWriting(let concurrency): "at no time did \(concurrency) texts write at once"
        }
    }
}
