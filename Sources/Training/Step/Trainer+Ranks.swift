import Checkpoints
import Datasets
import Grace
import JSON
import Ranks
import TensorGradients
import Tensors

/// What all processes that train together must have alike.
package enum RankAgreement: String, Sendable {
    case start = "what they were started with: program, options, data or checkpoint"
    case weights = "their weights after the same steps"
    case messages = "what they tell each other"
}

extension Trainer {
    /// Whether it is this one that writes for all.
    package var isFirst: Bool { ranks.isFirst }

    /// Checks that all ranks do the same.
    ///
    /// - Throws: `TrainingError.ranksDiffer`, `.checkpoint`
    package func checkStart(_ provenance: Provenance) throws(TrainingError) {
        var writer = JSONWriter()
        writer.value(
            .object([
                "base": .string(provenance.checkpoint.baseDigest), "data": .string(provenance.dataDigest),
                "held_out": .string(heldOut.digest.description), "program": .object(provenance.program),
                "configuration": .object(provenance.configuration),
            ]))
        try check(.start, [writer.bytes])
    }

    /// Checks that all ranks have come to the same weights.
    ///
    /// - Throws: `TrainingError.ranksDiffer`, `.checkpoint`
    func checkWeights() throws(TrainingError) {
        try check(.weights, model.parameters.lazy.map { Array(UnsafeRawBufferPointer($0.value.elements)) })
    }

    private func check(_ agreement: RankAgreement, _ parts: some Sequence<[UInt8]>) throws(TrainingError) {
        guard ranks.count > 1 else { return }
        let digest: SHA256Digest
        do throws(CheckpointError) {
            let hasher = try SHA256Hasher()
            for part in parts { try hasher.update(part) }
            digest = try hasher.finish()
        } catch {
            throw .checkpoint(error)
        }
        guard Set(ranks.gather(digest.bytes.map { UInt32($0) })).count == 1 else {
            throw .ranksDiffer(in: agreement)
        }
    }

    /// Takes over from the first rank all that decides what comes next: it alone reads what the run left.
    ///
    /// - Throws: `TrainingError.ranksDiffer`, `.weightNotFinite`
    func followFirst() throws(TrainingError) {
        guard ranks.count > 1 else { return }
        for (parameter, moments) in zip(model.parameters, optimizer.moments) {
            for matrix in [parameter.value, moments.first, moments.second] {
                let words = ranks.ofFirst(matrix.elements.map(\.bitPattern))
                guard words.count == matrix.count else { throw .ranksDiffer(in: .messages) }
                for (index, word) in words.enumerated() { matrix.elements[index] = Float(bitPattern: word) }
            }
        }
        var writer = WordWriter()
        for number in [position.step, position.epoch, position.used, optimizer.stepCount] { writer.append(number) }
        var reader = WordReader(ranks.ofFirst(writer.words))
        do throws(WordReader.Unreadable) {
            let place = Position(step: try reader.integer(), epoch: try reader.integer(), used: try reader.integer())
            optimizer.stepCount = try reader.integer()
            go(to: place)
        } catch {
            throw .ranksDiffer(in: .messages)
        }
        try model.refresh()
    }

    /// Whether something is so in any of the ranks.
    func isSoAnywhere(_ isSo: Bool) -> Bool { ranks.total(isSo ? 1 : 0) > 0 }
}
