import Foundation
import Logging

/// A log handler that formats each message into one line without a lock, and hands it to a writer.
package struct LineHandler: LogHandler {
    private let label: String
    private let format: LogFormat
    private let writer: LogWriter
    private let clock: @Sendable () -> LogTime
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// - Parameter clock: the time of day.
    package init(
        label: String, format: LogFormat, writer: LogWriter, clock: @escaping @Sendable () -> LogTime = { .now }
    ) {
        self.label = label
        self.format = format
        self.writer = writer
        self.clock = clock
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all = all.isEmpty ? own : all.merging(own) { _, new in new } }
        writer.write(
            Self.line(
                LogLine(
                    time: clock(), level: event.level, label: label, message: "\(event.message)",
                    metadata: all.sorted { $0.key < $1.key }), format))
    }

    /// A line with its line feed.
    private static func line(_ line: LogLine, _ format: LogFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        switch format {
        case .text: line.appendText(to: &bytes)
        case .json: line.appendJSON(to: &bytes)
        }
        return bytes
    }

    /// A writer to a descriptor whose report of lost lines has the format of the others.
    package static func writer(
        descriptor: Int32, label: String, format: LogFormat, capacity: Int = LogWriter.defaultCapacity
    ) -> LogWriter {
        LogWriter(descriptor: descriptor, capacity: capacity) { dropped in
            line(
                LogLine(
                    time: .now, level: .warning, label: label, message: "log lines were dropped",
                    metadata: [("count", .stringConvertible(dropped))]), format)
        }
    }
}

/// One message, ready to be laid out.
struct LogLine {
    let time: LogTime
    let level: Logger.Level
    let label: String
    let message: String
    /// In the order in which it is shown.
    let metadata: [(key: String, value: Logger.MetadataValue)]
}
