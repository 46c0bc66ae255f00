import JSON

extension LineFormat {
    /// Why a line does not say which format its file has.
    package struct Undetected: Error, Equatable, Sendable {
        /// In words.
        package let reason: String
    }

    /// The format of a file, by its name and its first line that is not blank.
    ///
    /// `.txt` means plain lines. Else an object with `text`, or with `query` or `positive`, decides. What does not look
    /// like JSON is plain text, unless the file is named as JSON is.
    /// - Throws: `Undetected`
    package init(fileName: String, firstLine: [UInt8]) throws(Undetected) {
        guard Self.holdsJSON(fileName: fileName, firstLine: firstLine) else {
            self = .lines
            return
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: firstLine, valueLimit: 64)
        } catch {
            throw Undetected(reason: "\(error)")
        }
        guard case .object(let members) = value else {
            throw Undetected(reason: "expected a JSON object, found \(value.summary)")
        }
        if members["text"] != nil {
            self = .texts
        } else if members["query"] != nil || members["positive"] != nil {
            self = .triplets
        } else {
            throw Undetected(reason: "the object has neither \"query\" nor \"text\"")
        }
    }

    /// Whether the lines of a file are JSON, by its name and its first line that is not blank.
    package static func holdsJSON(fileName: String, firstLine: [UInt8]) -> Bool {
        var name = fileName.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        if name.hasSuffix(".txt") { return false }
        let looksLikeJSON = firstLine.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "{")
        return looksLikeJSON || [".jsonl", ".ndjson", ".json"].contains(where: name.hasSuffix)
    }
}
