import Foundation

/// A chart as SVG, with its title, legend and notes as HTML around it.
struct ChartDrawing {
    private let plan: ChartPlan
    private let lines: [DrawnLine]
    private let steps: Axis
    private let values: Axis
    /// Values that lie beyond the axis.
    private let outside: Int
    private let lost: Int
    private let identifier: String

    private struct DrawnLine {
        let name: String
        let curve: Curve
        /// For each point that has an error, the value less it and the value with it.
        let band: [(step: Double, low: Double, high: Double)]
        /// What the values are counted from.
        let origin: Double
        let style: Int
    }

    // In units of the drawing; a chart is about 480 pixels wide.
    private static let size = (width: 560.0, height: 250.0)
    private static let margin = (left: 62.0, right: 14.0, top: 10.0, bottom: 40.0)

    /// Of more points than these each would hide the line.
    private static let dotLimit = 40

    /// nil where no line has a point; `steps` is the axis that all charts of a page share.
    init?(_ plan: ChartPlan, _ metrics: TrainingMetrics, steps: Axis, identifier: String) {
        self.plan = plan
        self.steps = steps
        self.identifier = identifier
        lost = plan.lines.reduce(0) { $0 + (metrics.series[$1.key]?.lost ?? 0) }
        var lines: [DrawnLine] = []
        for (style, line) in plan.lines.enumerated() {
            guard let measured = metrics.series[line.key]?.points, !measured.isEmpty else { continue }
            let origin = plan.showsChange ? Curve.ends(of: measured).first : 0
            let points = measured.map { Curve.Point(step: $0.step, value: $0.value - origin) }
                .filter { $0.value.isFinite }
            var errors: [Double: Double] = [:]
            for point in line.errorKey.flatMap({ metrics.series[$0] })?.points ?? [] {
                errors[point.step] = abs(point.value)
            }
            guard !points.isEmpty else { continue }
            let curve = Curve(points)
            let band = Curve.thinned(points.filter { errors[$0.step] != nil }, keeping: .extremes).map { point in
                let error = errors[point.step] ?? 0
                return (point.step, point.value - error, point.value + error)
            }.filter { $0.1.isFinite && $0.2.isFinite }
            lines.append(DrawnLine(name: line.name, curve: curve, band: band, origin: origin, style: style + 1))
        }
        guard !lines.isEmpty else { return nil }
        self.lines = lines
        let shown = Self.range(of: lines, showsZero: plan.showsZero)
        let values = Axis(showing: shown, tickCount: 4)
        self.values = values
        outside = plan.lines.reduce(0) { sum, line in
            let points = metrics.series[line.key]?.points ?? []
            let origin = plan.showsChange && !points.isEmpty ? Curve.ends(of: points).first : 0
            return sum + points.count { !values.range.contains($0.value - origin) }
        }
    }

    /// The values that the axis shows: the usual ones, with their errors.
    private static func range(of lines: [DrawnLine], showsZero: Bool) -> ClosedRange<Double> {
        let usual = Curve.usualRange(
            of: lines.flatMap { $0.curve.raw.map(\.value) + $0.band.flatMap { [$0.low, $0.high] } })
        return showsZero ? min(usual.lowerBound, 0)...max(usual.upperBound, 0) : usual
    }

    /// The whole figure.
    func write(to page: inout HTMLText) {
        page.markup("<figure class=\"chart\"><figcaption>")
        page.markup("<h3 id=\"\(identifier)t\">")
        page.content(plan.title)
        page.markup("</h3>")
        if !plan.explanation.isEmpty { page.element("p", plan.explanation) }
        page.markup("<p class=\"legend\">")
        for line in lines {
            page.markup("<span><svg class=\"key\" viewBox=\"0 0 22 8\" aria-hidden=\"true\">")
            page.markup("<path class=\"smooth s\(line.style)\" d=\"M1 4H21\"/></svg>")
            page.content(line.name + " ")
            page.element("b", NumberText.short(line.origin + line.curve.last))
            page.markup("</span>")
        }
        page.markup("</p></figcaption>")
        drawing(&page)
        if outside > 0 {
            page.element(
                "p", class: "note", "\(outside) far \(outside == 1 ? "value lies" : "values lie") beyond the axis.")
        }
        if lost > 0 {
            page.element("p", class: "note warning", "\(lost) \(lost == 1 ? "value was" : "values were") not a number.")
        }
        page.markup("</figure>")
    }

    private func drawing(_ page: inout HTMLText) {
        let (width, height) = Self.size
        page.markup(
            "<svg class=\"plot\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" "
                + "aria-labelledby=\"\(identifier)t \(identifier)d\" data-frame=\"\(frame)\">")
        // No title in the drawing: browsers would show it over the values beside the pointer.
        page.markup("<desc id=\"\(identifier)d\">")
        page.content(summary)
        page.markup("</desc><clipPath id=\"\(identifier)c\">")
        page.markup(
            "<rect x=\"\(Int(Self.margin.left))\" y=\"\(Int(Self.margin.top) - 4)\" "
                + "width=\"\(Int(plotWidth) + 8)\" height=\"\(Int(plotHeight) + 8)\"/></clipPath>")
        axes(&page)
        page.markup("<g clip-path=\"url(#\(identifier)c)\">")
        for line in lines { band(line, &page) }
        for line in lines { curve(line, &page) }
        page.markup("</g><g class=\"hover\"></g></svg>")
    }

    /// For who cannot see it.
    private var summary: String {
        lines.map { line in
            let values = line.curve.raw.map { $0.value + line.origin }
            let (least, greatest) = (values.min() ?? 0, values.max() ?? 0)
            let last = line.curve.last + line.origin
            return "\(line.name): from \(NumberText.short(values[0])) to \(NumberText.short(last)), at least "
                + "\(NumberText.short(least)), at most \(NumberText.short(greatest))."
        }.joined(separator: " ")
    }

    // MARK: Parts

    private func axes(_ page: inout HTMLText) {
        let (left, bottom) = (Self.margin.left, Self.margin.top + plotHeight)
        for tick in values.ticks {
            let y = place(ofValue: tick)
            page.markup("<path class=\"grid\" d=\"M\(number(left)) \(number(y))H\(number(left + plotWidth))\"/>")
            label(values.label(of: tick), x: left - 8, y: y + 4, anchor: "end", &page)
        }
        for tick in steps.ticks {
            let x = place(ofStep: tick)
            page.markup("<path class=\"tick\" d=\"M\(number(x)) \(number(bottom))v4\"/>")
            label(steps.label(of: tick), x: x, y: bottom + 17, anchor: "middle", &page)
        }
        page.markup("<path class=\"axis\" d=\"M\(number(left)) \(number(bottom))h\(number(plotWidth))\"/>")
        label("step", x: left + plotWidth / 2, y: bottom + 33, anchor: "middle", &page)
        if !plan.unit.isEmpty {
            let middle = Self.margin.top + plotHeight / 2
            page.markup(
                "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(13 \(number(middle))) rotate(-90)\">"
            )
            page.content(plan.unit)
            page.markup("</text>")
        }
    }

    private func label(_ text: String, x: Double, y: Double, anchor: String, _ page: inout HTMLText) {
        page.markup("<text class=\"label\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">")
        page.content(text)
        page.markup("</text>")
    }

    private func band(_ line: DrawnLine, _ page: inout HTMLText) {
        guard line.band.count > 1 else {
            // One error is a bar.
            for part in line.band {
                let x = number(place(ofStep: part.step))
                page.markup("<path class=\"raw s\(line.style)\" d=\"M\(x) \(y(part.low))V\(y(part.high))\"/>")
            }
            return
        }
        let above = line.band.map { "\(number(place(ofStep: $0.step))) \(y($0.high))" }
        let below = line.band.reversed().map { "\(number(place(ofStep: $0.step))) \(y($0.low))" }
        page.markup("<path class=\"band s\(line.style)\" d=\"M\((above + below).joined(separator: "L"))Z\"/>")
    }

    private func curve(_ line: DrawnLine, _ page: inout HTMLText) {
        let raw = path(line.curve.raw)
        if let smooth = line.curve.smooth {
            page.markup("<path class=\"raw s\(line.style)\" d=\"\(raw)\"/>")
            page.markup("<path class=\"smooth s\(line.style)\" data-name=\"")
            page.content(line.name)
            page.markup("\" d=\"\(path(smooth))\"/>")
        } else {
            page.markup("<path class=\"smooth s\(line.style)\" data-name=\"")
            page.content(line.name)
            page.markup("\" d=\"\(raw)\"/>")
            for point in line.curve.raw where line.curve.raw.count <= Self.dotLimit {
                page.markup(
                    "<circle class=\"dot s\(line.style)\" cx=\"\(number(place(ofStep: point.step)))\" "
                        + "cy=\"\(y(point.value))\" r=\"3\"/>")
            }
        }
    }

    private func path(_ points: [Curve.Point]) -> String {
        "M" + points.map { "\(number(place(ofStep: $0.step))) \(y($0.value))" }.joined(separator: "L")
    }

    // MARK: Places

    private var plotWidth: Double { Self.size.width - Self.margin.left - Self.margin.right }
    private var plotHeight: Double { Self.size.height - Self.margin.top - Self.margin.bottom }

    private func place(ofStep step: Double) -> Double { Self.margin.left + steps.position(of: step) * plotWidth }

    private func place(ofValue value: Double) -> Double {
        // What is far beyond the axis stays near the drawing: there are readers that cannot draw a million units.
        let position = min(max(values.position(of: value), -1), 2)
        return Self.margin.top + (1 - position) * plotHeight
    }

    private func y(_ value: Double) -> String { number(place(ofValue: value)) }

    private func number(_ value: Double) -> String {
        let text = String(format: "%.1f", locale: nil, value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// What turns a place of the drawing back into numbers: the plot's edges, and the values there.
    private var frame: String {
        [
            Self.margin.left, Self.margin.left + plotWidth, Self.margin.top + plotHeight, Self.margin.top,
            steps.range.lowerBound, steps.range.upperBound, values.range.lowerBound, values.range.upperBound,
        ].map { "\($0)" }.joined(separator: " ")
    }
}
