import Ranks

extension [ExampleRollouts] {
    /// The rollouts of all ranks, one rank's after the other's.
    ///
    /// - Throws: `TrainingError.ranksDiffer`
    func joined(by ranks: any Ranks) throws(TrainingError) -> [ExampleRollouts] {
        guard ranks.count > 1 else { return self }
        var writer = WordWriter()
        for example in self { example.write(to: &writer) }
        var all: [ExampleRollouts] = []
        for words in ranks.gather(writer.words) {
            var reader = WordReader(words)
            do throws(WordReader.Unreadable) {
                while !reader.isAtEnd { all.append(try ExampleRollouts(&reader)) }
            } catch {
                throw .ranksDiffer(in: .messages)
            }
        }
        return all
    }
}

extension ExampleRollouts {
    fileprivate func write(to writer: inout WordWriter) {
        let others = [query] + (negative.map { [$0] } ?? [])
        writer.append(main.count)
        writer.append(others.count)
        for rollout in main + others { rollout.write(to: &writer) }
    }

    fileprivate init(_ reader: inout WordReader) throws(WordReader.Unreadable) {
        let (mainCount, otherCount) = (try reader.integer(), try reader.integer())
        guard mainCount >= 0, (1...2).contains(otherCount) else { throw WordReader.Unreadable() }
        var main: [Rollout] = []
        for _ in 0..<mainCount { main.append(try Rollout(&reader)) }
        self.main = main
        query = try Rollout(&reader)
        negative = otherCount == 2 ? try Rollout(&reader) : nil
    }
}

extension Rollout {
    fileprivate func write(to writer: inout WordWriter) {
        writer.append(sequence.prompt)
        writer.append(sequence.poolingStart)
        writer.append(sequence.rationale)
        writer.append(sequence.stopToken.map { [$0] } ?? [])
        writer.append(vector)
        writer.append(engineLogProbabilities)
        writer.append(tokenLimit)
    }

    fileprivate init(_ reader: inout WordReader) throws(WordReader.Unreadable) {
        let (prompt, poolingStart) = (try reader.integers(), try reader.integer())
        guard poolingStart < prompt.count else { throw WordReader.Unreadable() }
        let sequence = TrainingSequence(
            prompt: prompt, poolingStart: poolingStart, rationale: try reader.integers(),
            stopToken: try reader.integers().first)
        self.init(
            sequence: sequence, vector: try reader.floats(), engineLogProbabilities: try reader.floats(),
            tokenLimit: try reader.integer())
    }
}
