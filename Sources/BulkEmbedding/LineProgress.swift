import Foundation

/// How far a run is, how fast, and how long it will take: what is said of it in a line. Pure.
package struct LineProgress: Sendable, Equatable {
    private static let barWidth = 20

    private let state: LineRun.State
    private let startByteCount: Int
    private let totalByteCount: Int?
    private let seconds: Double

    /// - Parameters:
    ///   - startByteCount: of the input that was done before this run.
    ///   - totalByteCount: of the input; nil where nobody knows.
    ///   - time: of this run so far.
    package init(_ state: LineRun.State, startByteCount: Int, totalByteCount: Int?, time: Duration) {
        self.state = state
        self.startByteCount = startByteCount
        self.totalByteCount = totalByteCount
        seconds = time / .seconds(1)
    }

    /// Of the input, 0 to 1; nil where nobody knows its size.
    package var share: Double? {
        guard let totalByteCount, totalByteCount > 0 else { return nil }
        return min(Double(max(state.byteCount, startByteCount)) / Double(totalByteCount), 1)
    }

    /// Seconds until the end, if it goes on as it did; nil where nobody can tell.
    package var secondsLeft: Double? {
        let done = state.byteCount - startByteCount
        guard let totalByteCount, done > 0, seconds > 0 else { return nil }
        return Double(max(totalByteCount - state.byteCount, 0)) / Double(done) * seconds
    }

    /// A line for who waits.
    ///
    /// - Parameter withBar: whether somebody looks at a terminal.
    package func text(withBar: Bool) -> String {
        var parts: [String] = []
        if let share {
            let filled = Int(share * Double(Self.barWidth))
            let bar =
                String(repeating: "#", count: filled) + String(repeating: ".", count: Self.barWidth - filled)
            parts.append("\(withBar ? "[\(bar)] " : "")\(Int(share * 100)) %")
        }
        parts += [counts, rates]
        if let secondsLeft { parts.append("\(Self.clock(secondsLeft)) left") }
        return parts.joined(separator: ", ")
    }

    /// A line at the end.
    package var summary: String { "\(counts) in \(Self.clock(seconds)): \(rates)" }

    private var counts: String {
        Self.count(state.rowCount, "text")
            + (state.skippedCount > 0 ? ", \(Self.count(state.skippedCount, "line")) skipped" : "")
    }

    private static func count(_ count: Int, _ name: String) -> String { "\(count) \(name)\(count == 1 ? "" : "s")" }

    private var rates: String {
        let texts = seconds > 0 ? Double(state.rowCount) / seconds : 0
        let tokens = seconds > 0 ? Double(state.tokenCount) / seconds : 0
        return String(format: "%.1f texts/s, %.0f tokens/s", texts, tokens)
    }

    /// Hours, minutes and seconds.
    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds.rounded(), 359_999_999))
        return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
    }
}
