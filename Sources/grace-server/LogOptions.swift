import ArgumentParser
import EmbeddingServer
import Foundation
import Logging
import Logs

/// What is written to standard error, and how.
struct LogOptions: ParsableArguments {
    @Option(help: "The least severe messages to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .notice

    @Option(help: ArgumentHelp("How lines of the log are laid out: text or json.", valueName: "format"))
    var logFormat = LogFormat.text

    @Option(
        help: ArgumentHelp(
            "A line in the log for each request: on, off, or auto, where --log-level is info, debug or trace.",
            valueName: "when"))
    var accessLog = AccessLog.auto

    @Flag(help: "Write texts and rationales into the log. They may be anybody's secrets.")
    var logTexts = false

    func apply(to configuration: inout ServerConfiguration) {
        switch accessLog {
        case .auto: configuration.accessLog = nil
        case .on: configuration.accessLog = true
        case .off: configuration.accessLog = false
        }
        configuration.logsTexts = logTexts
    }

    /// Writes to standard error.
    func writer() -> LogWriter {
        LineHandler.writer(descriptor: FileHandle.standardError.fileDescriptor, label: Self.label, format: logFormat)
    }

    func logger(_ writer: LogWriter) -> Logger {
        var logger = Logger(label: Self.label) { label in
            LineHandler(label: label, format: logFormat, writer: writer)
        }
        logger.logLevel = logLevel
        return logger
    }

    private static let label = "grace-server"
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// Whether requests have lines in the log.
enum AccessLog: String, ExpressibleByArgument, CaseIterable {
    case auto, on, off
}
