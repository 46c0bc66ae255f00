import Confinement
import Foundation
import Glibc

/// A line on standard error that says how far a command is: rewritten on a terminal, else written now and then, or not at all.
package final class ProgressLine: Sendable {
    /// Whether standard error is a terminal.
    package let isTerminal = isatty(STDERR_FILENO) == 1
    private let interval: Duration?
    private let shownAt = Confined<ContinuousClock.Instant?>(nil)

    /// - Parameter isForTerminals: whether nothing is written where nobody looks.
    package init(isForTerminals: Bool = false) {
        interval = isTerminal ? .milliseconds(200) : isForTerminals ? nil : .seconds(15)
    }

    /// Shows the line where one is due.
    ///
    /// - Parameter isLast: shown in any case.
    package func show(_ line: @autoclosure () -> String, isLast: Bool = false) {
        guard let interval else { return }
        let isDue = shownAt.withState { shownAt in
            let now = ContinuousClock.now
            guard isLast || shownAt.map({ now - $0 >= interval }) ?? true else { return false }
            shownAt = now
            return true
        }
        guard isDue else { return }
        // To the left margin, and nothing of the longer line before.
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1B}[K\(line())" : "\(line())\n").utf8))
    }

    /// Leaves nothing on a terminal.
    package func clear() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
