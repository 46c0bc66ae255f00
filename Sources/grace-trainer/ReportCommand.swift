import ArgumentParser
import Checkpoints
import Foundation
import JSON
import SystemPackage
import TrainingReport

/// One page of HTML that shows how a training run went.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Draws the curves and samples of a training run on one page of HTML.",
        discussion: """
            Reads metrics.jsonl and, if they are there, samples.jsonl and configuration.json in the run's directory. The \
            page needs no network and no other file. It may be drawn while the run goes on.
            """)

    @Option(help: ArgumentHelp("The page; else report.html in the run's directory.", valueName: "file"))
    var output: String?

    @Argument(help: "The run's directory.") var runDirectory: String

    /// What a run of a million steps writes.
    private static let sizeLimit = 1 << 30

    func run() throws {
        let directory = FilePath(runDirectory)
        let page = output.map { FilePath($0) } ?? directory.appending("report.html")
        do {
            let metricsPath = directory.appending("metrics.jsonl")
            let samplesPath = directory.appending("samples.jsonl")
            let settingsPath = directory.appending("configuration.json")
            let report = TrainingReport(
                title: Checkpoint.directoryName(directory),
                metrics: try TrainingMetrics(
                    parsing: try bytes(at: metricsPath), file: metricsPath.string),
                samples: try bytesIfPresent(at: samplesPath).map {
                    try TrainingSamples(parsing: $0, file: samplesPath.string)
                } ?? TrainingSamples(),
                configuration: try bytesIfPresent(at: settingsPath).map {
                    try Self.settings(JSONDocument(parsing: $0, file: settingsPath.string))
                } ?? [])
            try DurableFile.write(Array(report.html.utf8), to: page)
            print(page.string)
        } catch {
            FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    private func bytesIfPresent(at path: FilePath) throws -> [UInt8]? {
        try FileManager.default.fileExists(atPath: path.string) ? bytes(at: path) : nil
    }

    private func bytes(at path: FilePath) throws(CheckpointError) -> [UInt8] {
        let file: RegularFile
        do throws(CheckpointError) {
            file = try RegularFile(path: path)
        } catch .emptyFile {
            // A run that has just begun.
            return []
        }
        guard file.byteCount <= Self.sizeLimit else {
            throw .fileTooLarge(path: path.string, found: file.byteCount, limit: Self.sizeLimit)
        }
        return try file.bytes()
    }

    /// The members of the configuration with those inside them, each by the keys that lead to it.
    private static func settings(_ document: JSONDocument) -> [(key: String, value: String)] {
        func flat(_ prefix: String, _ value: JSONValue) -> [(key: String, value: String)] {
            switch value {
            case .object(let members) where !members.isEmpty:
                return members.sorted { $0.key < $1.key }
                    .flatMap { flat(prefix.isEmpty ? $0.key : "\(prefix).\($0.key)", $0.value) }
            case .string(let text): return [(prefix, text)]
            default:
                var writer = JSONWriter()
                writer.value(value)
                return [(prefix, String(decoding: writer.bytes, as: UTF8.self))]
            }
        }
        return flat("", .object(document.members))
    }
}
