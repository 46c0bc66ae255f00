import JSON

/// How a line holds an example.
package enum LineFormat: String, Sendable, CaseIterable {
    /// A JSON object with `query`, `positive`, and perhaps `negative` and `source`.
    case triplets
    /// A JSON object with `text`, and perhaps `source`.
    case texts
    /// The line itself is the text.
    case lines

    /// What the examples are.
    package var kind: DatasetKind { self == .triplets ? .triplets : .texts }
}

/// Reads the examples of lines. Pure.
package struct ExampleParser: Sendable {
    /// Many times what an example has: a value of two bytes takes many times that in memory.
    private static let valueLimit = 64

    private let format: LineFormat
    private let extraKeys: Set<String>

    /// - Parameter extraKeys: keys that are passed over, besides those of the format.
    package init(format: LineFormat, extraKeys: Set<String> = []) {
        self.format = format
        self.extraKeys = extraKeys
    }

    /// The example of a line, without its line break; nil where there is nothing but white space.
    ///
    /// - Throws: `LineRefusal`
    package func example(in line: [UInt8]) throws(LineRefusal) -> TrainingExample? {
        if Self.isBlank(line) { return nil }
        let example: TrainingExample
        switch format {
        case .lines:
            guard let text = String(validating: line, as: UTF8.self) else { throw .notUTF8 }
            example = TrainingExample(.text(text))
        case .texts:
            let members = try Members(line, allowed: ["text", "source"], extraKeys: extraKeys)
            example = TrainingExample(.text(try members.text(.text)), source: try members.string("source"))
        case .triplets:
            let members = try Members(
                line, allowed: ["query", "positive", "negative", "source"], extraKeys: extraKeys)
            example = TrainingExample(
                .triplet(
                    query: try members.text(.query), positive: try members.text(.positive),
                    negative: try members.string(TextField.negative.rawValue)),
                source: try members.string("source"))
        }
        for (field, text) in example.texts { try Self.check(text, field) }
        return example
    }

    /// Whether a line holds nothing but the white space of JSON.
    package static func isBlank(_ line: [UInt8]) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }

    /// Refuses what is no text to learn from or to embed.
    ///
    /// - Throws: `LineRefusal.nullCharacter`, `.emptyText`
    package static func check(_ text: String, _ field: TextField) throws(LineRefusal) {
        guard !text.utf8.contains(0) else { throw .nullCharacter(field) }
        guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { throw .emptyText(field) }
    }

    /// The members of a line's object; one that is null counts as absent.
    private struct Members {
        private let values: [String: JSONValue]

        init(_ line: [UInt8], allowed: [String], extraKeys: Set<String>) throws(LineRefusal) {
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONValue(parsing: line, valueLimit: ExampleParser.valueLimit)
            } catch .invalidUTF8 {
                throw .notUTF8
            } catch {
                throw .json(error)
            }
            guard case .object(let values) = value else { throw .notAnObject(found: value.summary) }
            for key in values.keys.sorted() where !allowed.contains(key) && !extraKeys.contains(key) {
                throw .unknownKey(key, allowed: allowed)
            }
            self.values = values
        }

        func string(_ key: String) throws(LineRefusal) -> String? {
            switch values[key] {
            case nil, .null: return nil
            case .string(let string): return string
            case .some(let value): throw .wrongType(key: key, found: value.summary)
            }
        }

        func text(_ field: TextField) throws(LineRefusal) -> String {
            guard let text = try string(field.rawValue) else { throw .missingKey(field.rawValue) }
            return text
        }
    }
}
