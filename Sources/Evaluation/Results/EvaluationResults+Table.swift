import Foundation

extension EvaluationResults {
    /// For people, in Markdown: a line for each task, a column for each mode, out of 100; what rationales were like;
    /// what was measured of general ability.
    package var table: String {
        var lines = ["\(model.name)@\(model.fingerprint.prefix(12)), \(model.compute)"]
        if !tasks.isEmpty { lines += ["", measuredAs, ""] + markdownTable(scoreRows, textColumns: 3) }
        if rationales.contains(where: { $0.mode.kind != .none }) {
            lines += [""] + markdownTable(rationaleRows, textColumns: 1)
        }
        if let perplexity { lines += ["", perplexity.line] }
        if let divergence { lines += ["", divergence.line] }
        return lines.joined(separator: "\n")
    }

    private var measuredAs: String {
        let cut = settings.maxWords > 0 ? "texts cut to \(settings.maxWords) words" : "texts not cut"
        let deviation = tasks.contains { $0.runDeviation != nil } ? "; ± the deviation of seeds" : ""
        return "Out of 100; \(cut); in brackets 95% of \(settings.bootstrap.resamples) resamples of each task's units"
            + "\(deviation)."
    }

    private var scoreRows: [[String]] {
        var names: [String] = []
        for task in tasks where !names.contains(task.name) { names.append(task.name) }
        let head = ["task", "kind", "metric"] + modes.map(\.title)
        let rows = names.compactMap { name -> [String]? in
            guard let any = tasks.first(where: { $0.name == name }) else { return nil }
            let cells = modes.map { mode in
                tasks.first { $0.name == name && $0.mode == mode }.map(cell) ?? "–"
            }
            return [name, any.kind.type, any.metric.title] + cells
        }
        guard tasks.contains(where: \.kind.isAveraged) else { return [head] + rows }
        let average = modes.map { mode in self.average(of: mode).map(interval) ?? "–" }
        return [head] + rows + [["mean over tasks", "", ""] + average]
    }

    private func cell(_ task: TaskResult) -> String {
        interval(task.estimate) + (task.runDeviation.map { " ±\(points($0))" } ?? "")
    }

    private func interval(_ estimate: Estimate) -> String {
        "\(points(estimate.value)) [\(points(estimate.low)), \(points(estimate.high))]"
    }

    private var rationaleRows: [[String]] {
        [["mode", "texts", "cut by the model's limit", "mean rationale, tokens", "ended by the limit"]]
            + rationales.filter { $0.mode.kind != .none }.map { statistics in
                let count = Double(max(1, statistics.runs.count))
                func mean(_ value: (RationaleStatistics) -> Double) -> Double {
                    statistics.runs.reduce(0) { $0 + value($1) } / count
                }
                return [
                    statistics.mode.title, "\(statistics.runs.first?.textCount ?? 0)",
                    "\(statistics.runs.first?.truncatedCount ?? 0)", decimal(mean(\.meanTokens), digits: 1),
                    decimal(mean(\.cutOffShare) * 100, digits: 1) + "%",
                ]
            }
    }
}

extension RationaleMode {
    /// For example `sampled, 64 tokens, T 1.0, 3 seeds`, or `greedy, 64 tokens, stable below 0.01`.
    package var title: String {
        let stability = stopWhenStable.map { ", stable below \($0)" } ?? ""
        return switch kind {
        case .none: "none"
        case .greedy: "greedy, \(maxRationaleTokens) tokens" + stability
        case .sampled:
            "sampled, \(maxRationaleTokens) tokens, T \(temperature), "
                + (seedCount == 1 ? "1 seed" : "\(seedCount) seeds") + stability
        }
    }
}

extension PerplexityResult {
    fileprivate var line: String {
        "Perplexity of \(file): \(decimal(exp(meanLoss), digits: 3)) over \(tokens) tokens in windows of \(window) "
            + "(\(decimal(bitsPerByte, digits: 4)) bits a byte)."
    }
}

extension DivergenceResult {
    fileprivate var line: String {
        "On \(tokens) tokens of \(base)'s greedy answers to \(instructions) instructions of \(file): "
            + "KL(checkpoint ‖ base) \(decimal(fromBase, digits: 5)), KL(base ‖ checkpoint) "
            + "\(decimal(toBase, digits: 5)) nats a token; the same token is likeliest for "
            + "\(decimal(agreement * 100, digits: 2))%."
    }
}

extension Comparison {
    /// For people, in Markdown, out of 100.
    ///
    /// - Parameters:
    ///   - names: of the two results, for the head.
    ///   - resamples: how often units were drawn.
    package func table(names: (first: String, second: String), resamples: Int) -> String {
        let head = ["task", "kind", "metric", "A", "B", "B − A", "95%", "P(B > A)"]
        func cells(_ difference: Difference) -> [String] {
            [
                points(difference.first), points(difference.second), signedPoints(difference.difference.value),
                "[\(signedPoints(difference.difference.low)), \(signedPoints(difference.difference.high))]",
                decimal(difference.probability, digits: 3),
            ]
        }
        let rows = tasks.map { [$0.name, $0.kind.type, $0.metric.title] + cells($0.difference) }
        let last = average.map { [["mean over tasks", "", ""] + cells($0)] } ?? []
        return
            ([
                "A: \(names.first)", "", "B: \(names.second)", "",
                "Out of 100; intervals and P are of \(resamples) resamples of the units of both alike.", "",
            ] + markdownTable([head] + rows + last, textColumns: 3)).joined(separator: "\n")
    }
}
