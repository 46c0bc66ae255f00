import Checkpoints
import Confinement
import Foundation
import JSON
import SystemPackage

/// Vectors of earlier runs on disk, known by who computed them, from what and how: so an evaluation that was
/// interrupted goes on where it was.
///
/// One file for each embedder and manner of writing rationales, a line for each text, which is appended. What cannot be
/// read, such as a last line that was cut off, is computed again.
package final class VectorCache: Sendable {
    /// Larger files are not read.
    static let sizeLimit = 4 << 30

    private let directory: FilePath
    private let identity: EmbedderIdentity
    private let state = Confined(State())

    private struct State {
        /// By file, then by the digest of the text.
        var entries: [String: [String: EmbeddedText]] = [:]
    }

    /// Keeps the vectors of an embedder in a directory, which is made.
    ///
    /// - Throws: `EvaluationError.unwritable`
    package init(_ directory: FilePath, of identity: EmbedderIdentity) throws(EvaluationError) {
        self.directory = directory
        self.identity = identity
        do {
            try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: directory.string, reason: error.localizedDescription)
        }
    }

    /// What was kept of a text.
    func embedding(of text: String, as settings: RationaleSettings) -> EmbeddedText? {
        guard let key = key(text, settings) else { return nil }
        return state.withState { state in
            if state.entries[key.file] == nil { state.entries[key.file] = read(key.file) }
            return state.entries[key.file]?[key.text]
        }
    }

    /// Keeps what a text has become.
    ///
    /// - Throws: `EvaluationError.unwritable`
    func keep(_ embedded: EmbeddedText, of text: String, as settings: RationaleSettings) throws(EvaluationError) {
        guard let key = key(text, settings) else { return }
        var writer = JSONWriter(reserving: embedded.vector.count * 12 + 200)
        writer.object { writer in
            writer.member("text", key.text)
            writer.member("rationale", embedded.rationale)
            writer.member("rationale_tokens", embedded.rationaleTokens)
            writer.member("cut_off", embedded.isCutOff)
            writer.member("truncated", embedded.isTruncated)
            writer.member("vector", embedded.vector)
        }
        let line = writer.bytes + [UInt8(ascii: "\n")]
        let path = directory.appending(key.file)
        // One line at a time, in one call: lines of several texts do not mix.
        try state.withState { state in
            Result { () throws(EvaluationError) in
                do {
                    let descriptor = try FileDescriptor.open(
                        path, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite, .groupRead])
                    _ = try descriptor.closeAfter { try descriptor.writeAll(line) }
                } catch {
                    throw .unwritable(path: path.string, reason: "\(error)")
                }
                state.entries[key.file, default: [:]][key.text] = embedded
            }
        }.get()
    }

    private func key(_ text: String, _ settings: RationaleSettings) -> (file: String, text: String)? {
        let manner =
            "\(identity.fingerprint) \(identity.compute) \(settings.maxRationaleTokens) \(settings.temperature)"
            + (settings.stopWhenStable.map { " \($0)" } ?? "")
        // Seeds derive from the run and the text: they are part of the text's key.
        guard let file = digest(manner), let text = digest("\(settings.seed) \(text)") else { return nil }
        return ("\(file.prefix(16)).jsonl", text)
    }

    private func digest(_ text: String) -> String? {
        do throws(CheckpointError) {
            return try SHA256Digest(of: Array(text.utf8)).description
        } catch {
            // Without digests nothing is kept.
            return nil
        }
    }

    private func read(_ file: String) -> [String: EmbeddedText] {
        let found: [UInt8]
        do throws(EvaluationError) {
            found = try bytes(ofFile: directory.appending(file), limit: Self.sizeLimit)
        } catch {
            // There is none yet, or it is of no use: everything is computed.
            return [:]
        }
        var entries: [String: EmbeddedText] = [:]
        for line in found.split(separator: UInt8(ascii: "\n")) {
            if let (text, embedded) = Self.entry(Array(line)) { entries[text] = embedded }
        }
        return entries
    }

    /// A line that was written whole.
    private static func entry(_ line: [UInt8]) -> (String, EmbeddedText)? {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: line, valueLimit: 1_000_000)
        } catch {
            return nil
        }
        guard case .object(let members) = value, case .string(let text)? = members["text"],
            case .string(let rationale)? = members["rationale"],
            case .integer(let tokens)? = members["rationale_tokens"], case .bool(let isCutOff)? = members["cut_off"],
            case .bool(let isTruncated)? = members["truncated"], case .array(let numbers)? = members["vector"]
        else { return nil }
        let vector = numbers.compactMap { number -> Float? in
            switch number {
            case .number(let number): Float(number)
            case .integer(let integer): Float(integer)
            default: nil
            }
        }
        guard vector.count == numbers.count else { return nil }
        return (
            text,
            EmbeddedText(
                vector: vector, rationale: rationale, rationaleTokens: tokens, isCutOff: isCutOff,
                isTruncated: isTruncated)
        )
    }
}
