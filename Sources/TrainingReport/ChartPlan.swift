/// Which measurements are drawn in which chart, and what they are called for people.
struct ChartPlan {
    /// One curve of a chart.
    struct Line {
        /// The key in `metrics.jsonl`.
        let key: String
        /// What the legend calls it.
        let name: String
        /// The key of its error, which is drawn as a band.
        var errorKey: String?
    }

    let title: String
    /// What is measured, in a sentence.
    let explanation: String
    /// What the axis counts in; empty for a plain number.
    var unit = ""
    let lines: [Line]
    /// Whether the axis begins at 0: of what is counted or a share.
    var showsZero = false
    /// Whether lines show how far values have come from those of the beginning: of large values that change little.
    var showsChange = false

    /// Charts that are looked at together.
    struct Group {
        let title: String
        var charts: [ChartPlan]
    }

    /// The charts of what every run measures.
    static let known: [Group] = [
        Group(
            title: "What it learns",
            charts: [
                ChartPlan(
                    title: "Held-out margin",
                    explanation:
                        "How much nearer a query's vector is to its positive's than to its negative's, on texts "
                        + "that are not trained on. The band is the standard error.",
                    lines: [Line(key: "held_out_margin", name: "margin", errorKey: "held_out_margin_error")]),
                ChartPlan(
                    title: "Rise of the held-out margin",
                    explanation: "The mean of how far the margin of each of those texts has come since the beginning. "
                        + "The band is its standard error, which does not count how texts differ from each other.",
                    lines: [Line(key: "held_out_margin_rise", name: "rise", errorKey: "held_out_margin_rise_error")]),
                ChartPlan(
                    title: "Reward",
                    explanation: "The mean reward of the rationales: of the step's, and of held-out texts.",
                    lines: [
                        Line(key: "reward_mean", name: "training"), Line(key: "held_out_reward", name: "held out"),
                    ]),
                ChartPlan(
                    title: "Parts of the reward",
                    explanation: "How far the parts of the mean reward have come since the beginning, before weights; "
                        + "in the legend, what they are now.",
                    unit: "change",
                    lines: [
                        Line(key: "reward_positive", name: "positive"),
                        Line(key: "reward_consistency", name: "consistency"),
                        Line(key: "reward_negative", name: "negative"),
                        Line(key: "reward_hard_negative", name: "hard negative"),
                    ], showsChange: true),
                ChartPlan(
                    title: "Spread of the advantages",
                    explanation: "The standard deviation of the advantages: without a spread there is no gradient.",
                    lines: [Line(key: "advantage_std", name: "standard deviation")], showsZero: true),
            ]),
        Group(
            title: "What it writes",
            charts: [
                ChartPlan(
                    title: "Length of the rationales", explanation: "The mean length of the rationales.",
                    unit: "tokens",
                    lines: [Line(key: "rationale_length", name: "length")], showsZero: true),
                ChartPlan(
                    title: "Cut-off rate",
                    explanation: "The share of rationales that reached the length limit before they ended.",
                    unit: "share", lines: [Line(key: "cut_off_rate", name: "cut off")], showsZero: true),
                ChartPlan(
                    title: "Entropy", explanation: "How open the choice of the next token is.", unit: "nats a token",
                    lines: [Line(key: "entropy", name: "entropy")], showsZero: true),
            ]),
        Group(
            title: "How it moves",
            charts: [
                ChartPlan(
                    title: "KL to the start", explanation: "How far the policy has moved from the model it began as.",
                    unit: "nats a token",
                    lines: [
                        Line(key: "kl_to_start", name: "training"), Line(key: "held_out_kl_to_start", name: "held out"),
                    ], showsZero: true),
                ChartPlan(
                    title: "Clip fraction",
                    explanation: "The share of tokens whose gradient the clipping of the ratio takes away.",
                    unit: "share",
                    lines: [Line(key: "clip_fraction", name: "clipped")], showsZero: true),
                ChartPlan(
                    title: "Gradient norm", explanation: "The length of the gradient before it is clipped.",
                    lines: [Line(key: "gradient_norm", name: "norm")], showsZero: true),
                ChartPlan(
                    title: "Loss", explanation: "What the optimiser is given.", lines: [Line(key: "loss", name: "loss")]
                ),
                ChartPlan(
                    title: "Rollout gap",
                    explanation: "How far the log-probabilities of sampling are from those of the training's own pass.",
                    unit: "nats", lines: [Line(key: "rollout_gap", name: "gap")], showsZero: true),
                ChartPlan(
                    title: "Learning rate", explanation: "The step size of the optimiser.",
                    lines: [Line(key: "learning_rate", name: "rate")], showsZero: true),
            ]),
        Group(
            title: "How fast",
            charts: [
                ChartPlan(
                    title: "Speed", explanation: "Tokens that were written and trained on.", unit: "tokens a second",
                    lines: [Line(key: "tokens_per_second", name: "tokens")], showsZero: true),
                ChartPlan(
                    title: "Time", explanation: "How long a step took.", unit: "seconds",
                    lines: [Line(key: "seconds", name: "step")], showsZero: true),
            ]),
    ]

    /// Keys that say where in a run a step is: nothing that a curve would show.
    private static let places: Set<String> = ["epoch"]

    /// The charts of what was measured: the known ones, without those of which nothing was, and one for each other key.
    static func groups(of metrics: TrainingMetrics) -> [Group] {
        var rest = Set(metrics.series.keys).subtracting(places)
        var groups: [Group] = []
        for group in known {
            let charts = group.charts.filter { chart in
                chart.lines.contains { metrics.series[$0.key] != nil }
            }
            for line in group.charts.flatMap(\.lines) {
                rest.remove(line.key)
                // A band without its curve is a curve.
                if let errorKey = line.errorKey, metrics.series[line.key] != nil { rest.remove(errorKey) }
            }
            if !charts.isEmpty { groups.append(Group(title: group.title, charts: charts)) }
        }
        let others = rest.sorted().map { key in
            ChartPlan(title: key.replacing("_", with: " "), explanation: "", lines: [Line(key: key, name: key)])
        }
        if !others.isEmpty { groups.append(Group(title: "Also measured", charts: others)) }
        return groups
    }
}
