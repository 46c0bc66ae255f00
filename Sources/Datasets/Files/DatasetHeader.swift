import Checkpoints

/// What a file of prepared data says of itself in its first line.
package struct DatasetHeader: Sendable, Equatable {
    /// What `format` says.
    package static let format = "grace-dataset"
    /// The version that is written and read.
    package static let version = 1

    /// A file that the examples come from.
    package struct Input: Sendable, Equatable {
        /// The last component of its path.
        package var name: String
        /// Of the file as it is stored, compressed or not.
        package var byteCount: Int
        package var sha256: String
    }

    /// What decides how long a prompt is.
    package struct Prompt: Sendable, Equatable {
        /// The checkpoint's name.
        package var model: String
        /// Over the files of the model, as `grace-server checkpoints verify` prints it.
        package var modelFilesSHA256: String
        package var systemPromptSHA256: String
        /// No prompt of the examples has more tokens.
        package var maxTokens: Int

        /// Takes all as they are.
        package init(model: String, modelFilesSHA256: String, systemPromptSHA256: String, maxTokens: Int) {
            self.model = model
            self.modelFilesSHA256 = modelFilesSHA256
            self.systemPromptSHA256 = systemPromptSHA256
            self.maxTokens = maxTokens
        }
    }

    /// Which examples have negatives.
    package enum Negatives: String, Sendable {
        case all, some, none
    }

    package var kind: DatasetKind
    package var prompt: Prompt
    package var split: SplitPlan
    package var inputs: [Input]
    /// Whether examples that come again were kept.
    package var keepsDuplicates: Bool
    /// Whether training examples were kept whose query or positive is one of the held-out part.
    package var keepsSharedTexts: Bool
    /// How many examples are to be trained on.
    package var trainingCount = 0
    /// How many are held out.
    package var heldOutCount = 0
    /// How many have a negative, and how many of these negatives were mined.
    package var negativeCount = 0
    package var minedCount = 0
    /// The bytes after the header's line, and their digest.
    package var bodyByteCount = 0
    package var bodySHA256 = String(repeating: "0", count: 64)

    /// How many examples there are.
    package var exampleCount: Int { trainingCount + heldOutCount }

    /// Which examples have negatives.
    package var negatives: Negatives {
        if negativeCount == 0 { return .none }
        return negativeCount == exampleCount ? .all : .some
    }

    /// How many examples a split has.
    package func count(of split: DatasetSplit) -> Int {
        switch split {
        case .training: trainingCount
        case .heldOut: heldOutCount
        }
    }
}
