import Confinement
import Datasets
import Foundation
import Glibc

/// A line on standard error that says how far a command is: rewritten on a terminal, else written now and then, or not at all.
final class ProgressLine: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let interval: Duration?
    private let shownAt = Confined<ContinuousClock.Instant?>(nil)

    /// - Parameter isForTerminals: whether nothing is written where nobody looks.
    init(isForTerminals: Bool = false) {
        interval = isTerminal ? .milliseconds(200) : isForTerminals ? nil : .seconds(15)
    }

    /// - Parameter isLast: shown in any case.
    func show(_ line: @autoclosure () -> String, isLast: Bool = false) {
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
    func clear() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

extension PreparationProgress {
    /// In a line.
    var text: String {
        switch self {
        case .reading(let path, let byteCount, let total, let lineCount):
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let share = total.map { "\($0 == 0 ? 100 : 100 * byteCount / $0) %" } ?? "\(byteCount >> 20) MiB"
            return "reading \(name.prefix(40)): \(share), \(lineCount) lines"
        case .writing(let exampleCount, let total):
            return "writing: \(exampleCount) of \(total) examples"
        }
    }
}
