/// One page of HTML that shows how a training run went: curves, rationales of the same texts at several steps, and the
/// configuration. It needs nothing but itself.
package struct TrainingReport: Sendable {
    /// What the page is called: the run's name.
    package let title: String
    /// What was measured.
    package let metrics: TrainingMetrics
    /// What was written.
    package let samples: TrainingSamples
    /// The run's settings, in the order in which they are to be read.
    package let configuration: [(key: String, value: String)]

    /// Takes all as they are.
    package init(
        title: String, metrics: TrainingMetrics, samples: TrainingSamples = TrainingSamples(),
        configuration: [(key: String, value: String)] = []
    ) {
        self.title = title
        self.metrics = metrics
        self.samples = samples
        self.configuration = configuration
    }

    /// The page. Equal input gives equal output.
    package var html: String {
        var page = HTMLText()
        page.markup(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'">
            <meta name="color-scheme" content="light dark">

            """)
        page.element("title", title)
        page.markup("\n<style>\(Self.text(PackageResources.report_css))</style>\n</head>\n<body>\n<header>")
        page.element("h1", title)
        page.element("p", class: "subtitle", subtitle)
        page.markup("</header>\n<main>")
        tiles(&page)
        charts(&page)
        SampleTable(samples).write(to: &page)
        settings(&page)
        page.markup("</main>\n<script>\(Self.text(PackageResources.report_js))</script>\n</body>\n</html>\n")
        return page.text
    }

    private static func text(_ resource: [UInt8]) -> String { String(decoding: resource, as: UTF8.self) }

    private var subtitle: String {
        guard let last = metrics.lastStep else { return "Nothing has been measured yet." }
        let steps = "\(metrics.stepCount) \(metrics.stepCount == 1 ? "step" : "steps") measured, the last is step "
        return steps + NumberText.short(last) + "."
            + (metrics.isCutOff ? " The last line of the metrics was not whole and is left out." : "")
    }

    // MARK: Parts

    /// What one looks at first: where the run has come from and to.
    private static let headlines = [
        ("held_out_margin", "Held-out margin"), ("reward_mean", "Reward"), ("rationale_length", "Rationale, tokens"),
        ("cut_off_rate", "Cut off"), ("kl_to_start", "KL to the start"), ("tokens_per_second", "Tokens a second"),
    ]

    private func tiles(_ page: inout HTMLText) {
        let tiles = Self.headlines.compactMap { key, name in
            metrics.series[key].flatMap { series in
                series.points.isEmpty ? nil : (name, Curve.ends(of: series.points))
            }
        }
        guard !tiles.isEmpty else { return }
        page.markup("<section class=\"tiles\" aria-label=\"Where the run stands\">")
        for (name, ends) in tiles {
            page.markup("<div class=\"tile\">")
            page.element("span", name)
            page.element("b", NumberText.short(ends.last))
            page.element("small", "from \(NumberText.short(ends.first))")
            page.markup("</div>")
        }
        page.markup("</section>\n")
    }

    private func charts(_ page: inout HTMLText) {
        let steps = metrics.series.values.flatMap { [$0.points.first?.step, $0.points.last?.step].compactMap { $0 } }
        guard let first = steps.min(), let last = steps.max() else { return }
        let range = first == last ? first - 0.5...last + 0.5 : first...last
        let axis = Axis(showing: range, tickCount: 6, isWhole: true, endsOnTicks: false)
        for (index, group) in ChartPlan.groups(of: metrics).enumerated() {
            page.markup("<section>")
            page.element("h2", group.title)
            page.markup("<div class=\"charts\">")
            for (number, plan) in group.charts.enumerated() {
                if let drawing = ChartDrawing(plan, metrics, steps: axis, identifier: "c\(index)-\(number)") {
                    drawing.write(to: &page)
                } else {
                    page.markup("<figure class=\"chart\"><figcaption>")
                    page.element("h3", plan.title)
                    page.element("p", class: "note warning", "No value was a number.")
                    page.markup("</figcaption></figure>")
                }
            }
            page.markup("</div></section>\n")
        }
    }

    private func settings(_ page: inout HTMLText) {
        guard !configuration.isEmpty else { return }
        page.markup("<section><h2>Configuration</h2><table class=\"settings\"><tbody>")
        for (key, value) in configuration {
            page.markup("<tr><th scope=\"row\">")
            page.content(key)
            page.markup("</th>")
            page.element("td", value)
            page.markup("</tr>")
        }
        page.markup("</tbody></table></section>\n")
    }
}

extension Curve {
    /// The means of a tenth of the curve at its beginning and its end, at most of ten points: a single step says little.
    static func ends(of points: [Point]) -> (first: Double, last: Double) {
        let count = max(1, min(10, points.count / 10))
        func mean(_ points: some Collection<Point>) -> Double {
            points.reduce(0) { $0 + $1.value / Double(count) }
        }
        return (mean(points.prefix(count)), mean(points.suffix(count)))
    }
}
