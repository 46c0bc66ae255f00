import Datasets
import JSON

/// How the lines of an input hold texts.
package enum TextFormat: String, Sendable, CaseIterable {
    /// The line itself is the text.
    case lines
    /// A JSON object with `text`.
    case jsonl
}

/// Reads the texts of lines. Pure.
package struct TextLineParser: Sendable {
    /// A value of two bytes takes many times that in memory.
    static let valueLimit = 4096

    private let format: TextFormat
    private let lineLimit: Int
    private let reservedKeys: Set<String>

    /// - Parameters:
    ///   - lineLimit: the most bytes of a line, for messages.
    ///   - reservedKeys: those that the output has for itself.
    package init(format: TextFormat, lineLimit: Int, reservedKeys: Set<String> = []) {
        self.format = format
        self.lineLimit = lineLimit
        self.reservedKeys = reservedKeys
    }

    /// The text of a line; nil between objects, where there is nothing but white space.
    ///
    /// - Throws: `TextRefusal`
    package func text(in line: LineSplitter.Line) throws(TextRefusal) -> TextLine? {
        guard let bytes = line.bytes else { throw .line(.tooLong(limit: lineLimit)) }
        switch format {
        case .lines:
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .line(.notUTF8) }
            return try checked(TextLine(number: line.number, text: text))
        case .jsonl:
            if ExampleParser.isBlank(bytes) { return nil }
            return try checked(object(bytes, number: line.number))
        }
    }

    private func object(_ bytes: [UInt8], number: Int) throws(TextRefusal) -> TextLine {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, valueLimit: Self.valueLimit)
        } catch .invalidUTF8 {
            throw .line(.notUTF8)
        } catch {
            throw .line(.json(error))
        }
        guard case .object(var members) = value else { throw .line(.notAnObject(found: value.summary)) }
        let text: String
        switch members.removeValue(forKey: "text") {
        case .string(let string): text = string
        case nil, .null: throw .line(.missingKey("text"))
        case .some(let other): throw .line(.wrongType(key: "text", found: other.summary))
        }
        let id = members.removeValue(forKey: "id")
        switch id {
        case nil, .null, .string, .integer: break
        case .some(let other): throw .wrongID(found: other.summary)
        }
        if let key = members.keys.sorted().first(where: reservedKeys.contains) { throw .reservedKey(key) }
        return TextLine(number: number, text: text, id: id == .null ? nil : id, others: members)
    }

    private func checked(_ line: TextLine) throws(TextRefusal) -> TextLine {
        do throws(LineRefusal) {
            try ExampleParser.check(line.text, .text)
        } catch {
            throw .line(error)
        }
        return line
    }
}
