import TensorGradients
import Tensors
import Transformer

/// A token, and the row of the step whose state foretells it.
package struct TokenTarget: Sendable, Equatable {
    /// Of the token before.
    package let row: Int
    /// What came next.
    package let token: TokenID

    /// Takes both as they are.
    package init(row: Int, token: TokenID) {
        self.row = row
        self.token = token
    }
}

extension TrainingPass {
    /// Scores tokens under the hidden states of the step, a part of them at a time, so that few logits are there at once.
    ///
    /// - Parameters:
    ///   - temperature: what logits are divided by; over 0.
    ///   - gradient: how the loss changes with the score of a target, by its index. Called by several threads at once. What
    ///     follows of it is added to ``hiddenGradient`` and to the gradient over the head. nil where only scores are asked for.
    package func score(
        _ targets: [TokenTarget], temperature: Float, gradient: ((Int, TokenScore) -> TokenScoreGradient)? = nil
    ) -> [TokenScore] {
        let capacity = activations.samplingStates.rowCapacity
        var scores: [TokenScore] = []
        for first in stride(from: 0, to: targets.count, by: capacity) {
            let part = targets[first..<min(first + capacity, targets.count)]
            scores += score(part, firstIndex: first, temperature: temperature, gradient: gradient)
        }
        return scores
    }

    private func score(
        _ targets: ArraySlice<TokenTarget>, firstIndex: Int, temperature: Float,
        gradient: ((Int, TokenScore) -> TokenScoreGradient)?
    ) -> [TokenScore] {
        let logits = scored.logits(
            ofRows: targets.map(\.row), in: activations.hiddenStates, activations: activations)
        let scores = TokenScores.score(
            targets.map { Int($0.token) }, underRowsOf: logits, temperature: temperature,
            gradient: gradient.map { gradient in { gradient(firstIndex + $0, $1) } }, on: workers)
        guard gradient != nil else { return scores }
        LinearProduct.backward(
            logits, through: model.returnWeights.head, into: buffers.samplingStates, scratch: buffers.scratch,
            rows: targets.count, on: workers)
        for (index, target) in targets.enumerated() {
            hiddenGradient.addRow(target.row, of: buffers.samplingStates, row: index, on: workers)
        }
        if let headGradient = model.gradients.head {
            LinearProduct.backward(
                logits, from: activations.samplingStates, toWeight: headGradient, rows: targets.count)
        }
        return scores
    }

    /// The mean of the hidden states of some rows, `[channels]` (method, section 1.4).
    package func pool(_ rows: [Int]) -> [Float] {
        var pool = MeanPool(channels: activations.hiddenStates.columns)
        for row in rows {
            pool.add(activations.hiddenStates, row: row)
        }
        return pool.mean
    }

    /// Adds the gradient over the mean of the hidden states of some rows to ``hiddenGradient``.
    package func addGradient(_ gradient: [Float], overMeanOf rows: [Int]) {
        for row in rows {
            hiddenGradient.addVector(gradient, toRow: row, factor: 1 / Float(rows.count), on: workers)
        }
    }
}
