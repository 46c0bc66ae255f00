import TensorGradients
import Tensors
import Transformer

/// What is optimised.
package enum Objective: String, Sendable, CaseIterable {
    /// Policy gradient, rewarded by similarity (method, section 2).
    case grace
    /// InfoNCE over pooled states: what the paper compares with.
    case contrastive
    /// Both: the second's gradient flows through the pooled states of the first's rollouts.
    case graceAndContrastive = "grace+contrastive"

    /// Whether rationales are rewarded.
    package var hasPolicyGradient: Bool { self != .contrastive }
    /// Whether pooled states have a loss.
    package var hasContrastiveLoss: Bool { self != .grace }
}

/// Everything that decides what a run does, beside its data and the checkpoint that it begins with.
package struct TrainingSettings: Sendable {
    package var objective = Objective.grace
    /// Examples a step.
    package var promptsPerStep = 64
    /// Examples an update.
    package var promptsPerUpdate = 16
    package var rollouts = RolloutSettings()
    package var policyGradient = PolicyGradient()
    package var reward: ContrastiveReward
    package var adamW = AdamW()
    package var maxGradientNorm = 1.0
    /// Of the contrastive term beside the policy gradient.
    package var contrastiveWeight = 1.0
    /// Of the contrastive loss's cosines.
    package var contrastiveTemperature = 0.05
    /// Whether the contrastive objective pools a rationale too.
    package var contrastsRationales = false
    /// Of what keeps the model's other abilities, ``Preservation``; 0 for nothing that does.
    package var preservationWeight = 0.0
    /// The share of what each half of a layer adds that is dropped, where a text is its own positive (SimCSE).
    package var dropout = 0.1
    /// Of what an adapter reads.
    package var adapterDropout = 0.0
    /// Decides order, rollouts and what is dropped.
    package var seed: UInt64 = 0
    /// Tokens that are run forward and back together.
    package var microBatchTokens = 1024
    /// `.products` for speed, `.streams` for memory.
    package var kept = KeptActivationsSetting.products
    /// Threads for what is not OpenBLAS's.
    package var workers = 1
    /// The number format of rollouts; nil is float32.
    package var rolloutFormat: PackedFormat? = .bfloat16
    /// Rationales that are written at once.
    package var rolloutRows = 64
    /// Held-out examples that a checkpoint is judged by.
    package var heldOutCount = 300
    /// Whether rewards change places within their group: a control that nothing is to be learned from.
    package var permutesRewards = false

    /// The published settings with a reward.
    package init(reward: ContrastiveReward) {
        self.reward = reward
    }
}

/// What of a forward pass is kept for the way back.
package enum KeptActivationsSetting: String, Sendable, CaseIterable {
    case products
    case streams

    /// What a pass is told.
    package var activations: KeptActivations {
        switch self {
        case .products: .products
        case .streams: .streams
        }
    }
}
