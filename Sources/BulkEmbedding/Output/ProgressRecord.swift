import JSON

/// How an output was made, for who wants to go on with it: names and values.
package struct RunSettings: Sendable, Equatable {
    private static let versionKey = "grace_progress"
    private static let version = 1

    /// All that decides the bytes of a row.
    package let values: [String: JSONValue]

    /// Takes them as they are.
    package init(_ values: [String: JSONValue]) {
        self.values = values
    }

    /// As the first line of a progress file, without its line feed.
    package var line: [UInt8] {
        var writer = JSONWriter()
        writer.value(.object(values.merging([Self.versionKey: .integer(Self.version)]) { $1 }))
        return writer.bytes
    }

    /// - Throws: `Damage`
    init(parsing line: [UInt8]) throws(Damage) {
        guard case .object(var values) = try Damage.json(line) else { throw Damage(reason: "expected an object") }
        guard let version = values.removeValue(forKey: Self.versionKey) else {
            throw Damage(reason: "expected \"\(Self.versionKey)\"")
        }
        guard version == .integer(Self.version) else {
            throw Damage(reason: "expected version \(Self.version) of the format, found \(version.summary)")
        }
        self.values = values
    }

    /// The first of the values that are others in another run, in the order of their names.
    func firstDifference(to other: RunSettings) -> (key: String, expected: String, found: String)? {
        for key in Set(values.keys).union(other.values.keys).sorted() where values[key] != other.values[key] {
            return (key, values[key]?.summary ?? "nothing", other.values[key]?.summary ?? "nothing")
        }
        return nil
    }
}

/// Why a line of a progress file is none.
struct Damage: Error, Equatable {
    let reason: String

    /// - Throws: `Damage`
    static func json(_ line: [UInt8]) throws(Damage) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: line, valueLimit: 256)
        } catch {
            throw Damage(reason: "\(error)")
        }
    }
}

/// What an output has after a row, and what of the input it stands for.
package struct ProgressRecord: Sendable, Equatable {
    /// Of the output, from its beginning to the end of the row.
    package var byteCount: Int
    /// Rows so far.
    package var rowCount = 0
    /// Lines of the input that were passed over.
    package var skippedCount = 0
    /// Lines of the input so far.
    package var lineCount = 0
    /// What these lines are.
    package var mark: String

    /// Before the first row.
    package init(byteCount: Int, mark: String) {
        self.byteCount = byteCount
        self.mark = mark
    }

    /// A line of a progress file, without its line feed.
    package var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("bytes", byteCount)
            writer.member("input", mark)
            writer.member("lines", lineCount)
            writer.member("rows", rowCount)
            writer.member("skipped", skippedCount)
        }
        return writer.bytes
    }

    /// - Throws: `Damage`
    init(parsing line: [UInt8]) throws(Damage) {
        guard case .object(let values) = try Damage.json(line) else { throw Damage(reason: "expected an object") }
        func count(_ key: String) throws(Damage) -> Int {
            guard case .integer(let count) = values[key], count >= 0 else {
                throw Damage(reason: "expected \"\(key)\", a count, found \(values[key]?.summary ?? "nothing")")
            }
            return count
        }
        guard case .string(let mark) = values["input"], values.count == 5 else {
            throw Damage(reason: "expected bytes, input, lines, rows and skipped")
        }
        self.mark = mark
        byteCount = try count("bytes")
        rowCount = try count("rows")
        skippedCount = try count("skipped")
        lineCount = try count("lines")
    }
}

/// The contents of a progress file: settings, and a record for each row since the file was last made smaller. Pure.
package struct Progress: Equatable {
    /// Of the run that wrote it.
    package let settings: RunSettings
    /// At least one; each has more of both files than the one before.
    package let records: [ProgressRecord]

    /// Reads whole lines. One without an end, the last, is what a process left that was killed while it wrote, and counts for
    /// nothing.
    ///
    /// - Throws: `BulkError.damagedProgress`
    package init(parsing bytes: [UInt8], path: String) throws(BulkError) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
        do throws(Damage) {
            guard let first = lines.popFirst() else { throw Damage(reason: "expected settings, found no whole line") }
            settings = try RunSettings(parsing: Array(first))
        } catch {
            throw .damagedProgress(path: path, line: 1, reason: error.reason)
        }
        var records: [ProgressRecord] = []
        for (index, line) in lines.enumerated() {
            do throws(Damage) {
                let record = try ProgressRecord(parsing: Array(line))
                if let last = records.last, record.byteCount <= last.byteCount || record.lineCount <= last.lineCount {
                    throw Damage(reason: "expected more than in the line before")
                }
                records.append(record)
            } catch {
                throw .damagedProgress(path: path, line: index + 2, reason: error.reason)
            }
        }
        guard !records.isEmpty else {
            throw .damagedProgress(path: path, line: 2, reason: "expected a record, found none")
        }
        self.records = records
    }

    /// The last row that an output of so many bytes has whole; nil where it lacks all of them.
    package func last(within byteCount: Int) -> ProgressRecord? {
        records.last { $0.byteCount <= byteCount }
    }
}
