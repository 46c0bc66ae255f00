/// Rationales of the same texts at several steps, side by side.
struct SampleTable {
    private let samples: TrainingSamples

    /// More than these nobody compares at a glance.
    static let textLimit = 12
    static let stepLimit = 6

    init(_ samples: TrainingSamples) {
        self.samples = samples
    }

    func write(to page: inout HTMLText) {
        guard !samples.texts.isEmpty else { return }
        page.markup("<section><h2>What it writes of the same text</h2>")
        for text in samples.texts.prefix(Self.textLimit) {
            page.markup("<article class=\"sample\">")
            page.element("blockquote", text.text)
            page.markup("<div class=\"versions\" tabindex=\"0\" role=\"region\" aria-label=\"Rationales by step\">")
            for sample in Self.chosen(text.samples) { version(sample, &page) }
            page.markup("</div></article>")
        }
        let more = samples.texts.count - Self.textLimit
        if more > 0 {
            page.element("p", class: "note", "\(more) more \(more == 1 ? "text is" : "texts are") not shown.")
        }
        page.markup("</section>\n")
    }

    private func version(_ sample: TrainingSamples.Sample, _ page: inout HTMLText) {
        page.markup("<div class=\"version\"><h4>")
        page.content("Step " + NumberText.short(sample.step))
        if let reason = sample.finishReason {
            page.markup(" ")
            // The words of the engine for a rationale that did not end by itself.
            page.element("span", class: reason == "length" ? "reason cut" : "reason", reason)
        }
        page.markup("</h4>")
        if sample.rationale.allSatisfy(\.isWhitespace) {
            page.element("p", class: "empty", "nothing")
        } else {
            page.element("p", sample.rationale)
        }
        page.markup("</div>")
    }

    /// The first and the last, and between them some at even distances.
    static func chosen(_ samples: [TrainingSamples.Sample]) -> [TrainingSamples.Sample] {
        guard samples.count > stepLimit else { return samples }
        return (0..<stepLimit).map { samples[$0 * (samples.count - 1) / (stepLimit - 1)] }
    }
}
