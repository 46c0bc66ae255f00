import Checkpoints
import Foundation
import JSON
import SystemPackage

/// The files of a run: `metrics.jsonl`, `margins.jsonl`, `samples.jsonl`, `configuration.json` and `checkpoints/`, a directory
/// a step.
package struct RunDirectory: Sendable {
    /// The directory.
    package let path: FilePath

    /// Makes the directory where it is not there, and clears away what a writing left that was cut off.
    ///
    /// - Throws: `TrainingError.run`, `.checkpoint`
    package init(path: FilePath) throws(TrainingError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path.appending("checkpoints").string, withIntermediateDirectories: true)
        } catch {
            throw .run(path: path.string, reason: error.localizedDescription)
        }
        do throws(CheckpointError) {
            try DurableDirectory.recover(in: path.appending("checkpoints"))
        } catch {
            throw .checkpoint(error)
        }
    }

    /// Whether a run was begun here.
    package var hasBegun: Bool { FileManager.default.fileExists(atPath: metrics.string) }

    private var metrics: FilePath { path.appending("metrics.jsonl") }
    private var margins: FilePath { path.appending("margins.jsonl") }
    private var samples: FilePath { path.appending("samples.jsonl") }

    // MARK: - Checkpoints

    private static let stepPrefix = "step-"

    /// The checkpoint of a step.
    package func checkpoint(step: Int) -> FilePath {
        let digits = String(step)
        return path.appending("checkpoints")
            .appending(Self.stepPrefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits)
    }

    /// The steps that have a checkpoint, in order.
    ///
    /// - Throws: `TrainingError.run`
    package func steps() throws(TrainingError) -> [Int] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path.appending("checkpoints").string)
                .filter { $0.hasPrefix(Self.stepPrefix) }.compactMap { Int($0.dropFirst(Self.stepPrefix.count)) }
                .sorted()
        } catch {
            throw .run(path: path.string, reason: error.localizedDescription)
        }
    }

    /// Removes all checkpoints but some.
    ///
    /// - Throws: `TrainingError.run`
    package func keepOnly(_ kept: Set<Int>) throws(TrainingError) {
        for step in try steps() where !kept.contains(step) {
            do {
                try FileManager.default.removeItem(atPath: checkpoint(step: step).string)
            } catch {
                throw .run(path: checkpoint(step: step).string, reason: error.localizedDescription)
            }
        }
    }

    /// Writes what the run was asked for.
    ///
    /// - Throws: `TrainingError.checkpoint`
    package func write(configuration: [String: JSONValue]) throws(TrainingError) {
        var writer = JSONWriter()
        writer.value(.object(configuration))
        do throws(CheckpointError) {
            try DurableFile.write(writer.indented, to: path.appending("configuration.json"))
        } catch {
            throw .checkpoint(error)
        }
    }

    // MARK: - Lines

    /// Adds a step's numbers.
    ///
    /// - Throws: `TrainingError.run`
    package func append(_ metrics: StepMetrics) throws(TrainingError) {
        var writer = JSONWriter()
        writer.object { writer in
            for (name, value) in metrics.values {
                if let whole = Int(exactly: value) { writer.member(name, whole) } else { writer.member(name, value) }
            }
        }
        try append(writer.bytes, to: self.metrics)
    }

    /// Adds rationales that were written at a step.
    ///
    /// - Throws: `TrainingError.run`
    package func append(_ samples: [Trainer.Sample], step: Int) throws(TrainingError) {
        for sample in samples {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("step", step)
                writer.member("text", sample.text)
                writer.member("rationale", sample.rationale)
                writer.member("finish_reason", sample.isCutOff ? "length" : "stop")
            }
            try append(writer.bytes, to: self.samples)
        }
    }

    /// Adds the margins of all held-out examples at a step.
    ///
    /// - Throws: `TrainingError.run`
    package func append(margins: [Double], step: Int) throws(TrainingError) {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("step", step)
            writer.key("margins")
            writer.array { writer in margins.forEach { writer.number($0) } }
        }
        try append(writer.bytes, to: self.margins)
    }

    private func append(_ line: [UInt8], to file: FilePath) throws(TrainingError) {
        let bytes = line + [UInt8(ascii: "\n")]
        do {
            let descriptor = try FileDescriptor.open(
                file, .writeOnly, options: [.append, .create], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        } catch {
            throw .run(path: file.string, reason: "\(error)")
        }
    }

    /// Removes the lines of steps after one: those that are made once more.
    ///
    /// - Throws: `TrainingError.run`, `.checkpoint`
    package func forget(after step: Int) throws(TrainingError) {
        for file in [metrics, margins, samples] where FileManager.default.fileExists(atPath: file.string) {
            var kept: [UInt8] = []
            try forEachLine(of: file) { line, found, _ in
                if found <= step { kept += line + [UInt8(ascii: "\n")] }
            }
            do throws(CheckpointError) {
                try DurableFile.write(kept, to: file)
            } catch {
                throw .checkpoint(error)
            }
        }
    }

    /// The value of a metric at each step that has it.
    ///
    /// - Throws: `TrainingError.run`
    package func values(of name: String) throws(TrainingError) -> [Int: Double] {
        guard hasBegun else { return [:] }
        var values: [Int: Double] = [:]
        try forEachLine(of: metrics) { _, step, members in
            if let value = Self.number(members[name]) { values[step] = value }
        }
        return values
    }

    /// The margins of all held-out examples at a step; nil where they are not there.
    ///
    /// - Throws: `TrainingError.run`
    package func margins(ofStep wanted: Int) throws(TrainingError) -> [Double]? {
        guard FileManager.default.fileExists(atPath: margins.string) else { return nil }
        var found: [Double]?
        try forEachLine(of: margins) { _, step, members in
            guard step == wanted, case .array(let elements) = members["margins"] else { return }
            found = elements.compactMap(Self.number)
        }
        return found
    }

    private static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .number(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    /// Passes over a line that was cut off: it has no step.
    private func forEachLine(
        of file: FilePath, _ body: (_ line: Data, _ step: Int, _ members: [String: JSONValue]) -> Void
    ) throws(TrainingError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file.string))
        } catch {
            throw .run(path: file.string, reason: error.localizedDescription)
        }
        for line in data.split(separator: UInt8(ascii: "\n")) {
            do throws(JSONError) {
                guard case .object(let members) = try JSONValue(parsing: Array(line)),
                    case .integer(let step) = members["step"]
                else { continue }
                body(line, step, members)
            } catch {
                continue
            }
        }
    }
}
