import Foundation

/// The values that an axis shows, and the round ones among them that are marked.
struct Axis {
    /// The least and the greatest value; unlike.
    let range: ClosedRange<Double>
    /// Marked values, in order.
    let ticks: [Double]
    /// Between two ticks.
    private let spacing: Double

    /// - Parameters:
    ///   - range: finite values that are to be seen.
    ///   - tickCount: about how many ticks.
    ///   - isWhole: whether only whole numbers are marked.
    ///   - endsOnTicks: whether the axis is widened to the next ticks.
    init(showing range: ClosedRange<Double>, tickCount: Int, isWhole: Bool = false, endsOnTicks: Bool = true) {
        var (low, high) = (range.lowerBound, range.upperBound)
        // Halves, for the difference of two finite numbers may be none.
        if !(high / 2 - low / 2 > 1e-9 * max(abs(low), abs(high), 1e-300)) {
            // One value: some room around it.
            let room = low == 0 ? 1 : abs(low) * 0.1
            (low, high) = (max(low - room, -.greatestFiniteMagnitude), min(high + room, .greatestFiniteMagnitude))
        }
        var spacing = Self.roundSpacing(of: (high / Double(tickCount) - low / Double(tickCount)))
        if isWhole { spacing = max(1, spacing) }
        self.spacing = spacing
        if endsOnTicks {
            let (below, above) = ((low / spacing).rounded(.down) * spacing, (high / spacing).rounded(.up) * spacing)
            if below.isFinite, above.isFinite { (low, high) = (below, above) }
        }
        self.range = low...high
        let first = (low / spacing - 1e-9).rounded(.up)
        let last = (high / spacing + 1e-9).rounded(.down)
        var ticks: [Double] = []
        var tick = first
        while tick <= last, ticks.count <= 3 * tickCount {
            // Not -0.
            ticks.append(tick * spacing + 0)
            tick += 1
        }
        self.ticks = ticks
    }

    /// 1, 2 or 5 times a power of ten, not below `spacing`.
    private static func roundSpacing(of spacing: Double) -> Double {
        guard spacing.isNormal else { return 1 }
        let power = pow(10, log10(spacing).rounded(.down))
        let factor = [1, 2, 5, 10].first { $0 * power >= spacing * (1 - 1e-9) } ?? 10
        let round = factor * power
        return round.isNormal ? round : spacing
    }

    /// Where a value lies: 0 at the beginning of the axis, 1 at its end.
    func position(of value: Double) -> Double {
        let length = range.upperBound / 2 - range.lowerBound / 2
        return (value / 2 - range.lowerBound / 2) / length
    }

    /// A tick's number, with as many digits as tell it from the next.
    func label(of tick: Double) -> String {
        let magnitude = max(abs(range.lowerBound), abs(range.upperBound))
        guard magnitude < 1e7, spacing >= 1e-5 else { return tick == 0 ? "0" : NumberText.scientific(tick, digits: 2) }
        let decimals = max(0, Int((-log10(spacing) - 1e-9).rounded(.up)))
        return NumberText.fixed(tick, decimals: decimals)
    }
}

/// Numbers for people, the same in every country.
enum NumberText {
    /// A measurement with three significant digits.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "not a number" }
        let magnitude = abs(value)
        if magnitude == 0 { return "0" }
        if magnitude >= 1e7 || magnitude < 1e-3 { return scientific(value, digits: 3) }
        let decimals = max(0, 2 - Int(log10(magnitude).rounded(.down)))
        return fixed(value, decimals: value == value.rounded() ? 0 : decimals)
    }

    /// With thin spaces between thousands and a true minus.
    static func fixed(_ value: Double, decimals: Int) -> String {
        let text = String(format: "%.\(decimals)f", locale: nil, abs(value))
        let whole = text.prefix { $0 != "." }
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0, whole.count > 4 { grouped += "\u{202F}" }
            grouped.append(digit)
        }
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        return (value < 0 && !isZero ? "\u{2212}" : "") + grouped + text.dropFirst(whole.count)
    }

    /// As `5e-6`.
    static func scientific(_ value: Double, digits: Int) -> String {
        let text = String(format: "%.\(digits - 1)e", locale: nil, abs(value))
        let parts = text.split(separator: "e")
        var mantissa = String(parts[0])
        if mantissa.contains(".") {
            while mantissa.hasSuffix("0") { mantissa.removeLast() }
            if mantissa.hasSuffix(".") { mantissa.removeLast() }
        }
        let exponent = Int(parts.count > 1 ? parts[1] : "0") ?? 0
        return "\(value < 0 ? "\u{2212}" : "")\(mantissa)e\(exponent < 0 ? "\u{2212}" : "")\(abs(exponent))"
    }
}
