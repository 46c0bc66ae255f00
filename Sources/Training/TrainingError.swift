import Checkpoints
import Datasets
import Engine
import Grace

/// Why training cannot go on.
package enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A gradient is infinite or not a number: the step was not made.
    case gradientNotFinite(step: Int)
    /// A weight has become infinite or not a number.
    case weightNotFinite(found: Float)
    /// A text cannot be made a prompt of, or the checkpoint cannot be used.
    case grace(GraceError)
    /// No rationale was written.
    case engine(EngineError)
    /// The model has no positions for the longest prompt and the longest rationale together.
    case contextTooShort(prompt: Int, rationale: Int, context: Int)
    /// A checkpoint cannot be written or read.
    case checkpoint(CheckpointError)
    /// A checkpoint goes on with other data than it was trained on.
    case otherData(path: String, found: String, expected: String)
    /// The data were prepared for another model: prompts may be longer than they were found to be.
    case otherModel(path: String, found: String, expected: String)
    /// A checkpoint of a place in the data that is none: steps, epoch, examples used and updates.
    case invalidPosition(path: String, found: [Int64], examples: Int)
    /// A file of the run cannot be written or read.
    case run(path: String, reason: String)
    /// The data cannot be read.
    case dataset(DatasetError)
    /// There is nothing to train on.
    case noExamples(path: String)
    /// A prompt and its rationale are more than are run together.
    case sequenceTooLong(tokens: Int, limit: Int)
    /// Some processes would have nothing to do.
    case tooManyRanks(count: Int, promptsPerStep: Int)
    /// The processes that train together do not do the same.
    case ranksDiffer(in: RankAgreement)

    package var description: String {
        switch self {
        case .gradientNotFinite(let step):
            "step \(step): a gradient is infinite or not a number; a smaller learning rate may help"
        case .sequenceTooLong(let tokens, let limit):
            "a prompt and its rationale have \(tokens) tokens, a micro-batch has room for \(limit)"
        case .tooManyRanks(let count, let promptsPerStep):
            "\(count) processes would share steps of \(promptsPerStep) examples; at most as many as examples can"
        case .ranksDiffer(let agreement):
            "the processes that train together differ in \(agreement.rawValue)"
        case .grace(let error):
            "\(error)"
        case .checkpoint(let error):
            "\(error)"
        case .otherData(let path, let found, let expected):
            "\(path) was trained on data with the digest \(expected), these have \(found)"
        case .otherModel(let path, let found, let expected):
            "\(path) was prepared for a model whose files have the digest \(found), this one's have \(expected)"
        case .invalidPosition(let path, let found, let examples):
            "\(path): position: \(found.prefix(8)) is no place in \(examples) examples"
        case .run(let path, let reason):
            "\(path): \(reason)"
        case .dataset(let error):
            "\(error)"
        case .noExamples(let path):
            "\(path): no examples to train on, all are held out"
        case .engine(let error):
            "no rationale was written: \(error)"
        case .contextTooShort(let prompt, let rationale, let context):
            "prompts of \(prompt) tokens and rationales of \(rationale) do not fit the model's context of \(context)"
        case .weightNotFinite(let found):
            "a trained weight is \(found); a smaller learning rate may help"
        }
    }
}
