import Foundation

/// How the learning rate changes over a run, as a share of its highest.
package struct LearningRateSchedule: Sendable, Equatable {
    /// What follows the highest.
    package enum Decay: String, Sendable, CaseIterable {
        /// It stays, as published.
        case constant
        /// A straight line to 0, which the step after the last would have.
        case linear
        /// Half a wave of the cosine to 0, which the step after the last would have.
        case cosine
    }

    /// Steps in which it rises in equal parts, to its highest in the last of them.
    package var warmupSteps: Int
    package var decay: Decay

    /// The published schedule: none.
    package init(warmupSteps: Int = 0, decay: Decay = .constant) {
        self.warmupSteps = warmupSteps
        self.decay = decay
    }

    /// The share that a step has.
    ///
    /// - Parameters:
    ///   - step: 0 for the first.
    ///   - stepCount: of the whole run.
    package func share(ofStep step: Int, of stepCount: Int) -> Double {
        guard step >= warmupSteps else { return Double(step + 1) / Double(warmupSteps) }
        let left = Double(max(stepCount - step, 0)) / Double(max(stepCount - warmupSteps, 1))
        switch decay {
        case .constant: return 1
        case .linear: return left
        case .cosine: return (1 - cos(.pi * left)) / 2
        }
    }
}
