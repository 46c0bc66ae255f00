import JSON

/// Why a line of an input is no example.
package enum LineRefusal: Error, Equatable, Sendable {
    /// More bytes than a line may have; the rest of the line was not looked at.
    case tooLong(limit: Int)
    /// The line, or a string in it, is not UTF-8.
    case notUTF8
    /// The line is not JSON (RFC 8259).
    case json(JSONError)
    /// The line is JSON, but not an object.
    case notAnObject(found: String)
    /// A key that is needed and not there.
    case missingKey(String)
    /// A key that means nothing: a misspelled `negative` would go unnoticed.
    case unknownKey(String, allowed: [String])
    /// A value that is not a string.
    case wrongType(key: String, found: String)
    /// A text of white space only.
    case emptyText(TextField)
    /// A text with the character U+0000, which says that the file is no text, or UTF-16.
    case nullCharacter(TextField)
    /// A text that the chat template refuses, or keeps nothing of.
    case prompt(TextField, reason: String)

    /// What refusals are counted by.
    package enum Reason: String, Sendable, CaseIterable, Comparable {
        case tooLong = "too_long"
        case notUTF8 = "not_utf8"
        case json = "not_json"
        case notAnObject = "not_an_object"
        case missingKey = "missing_key"
        case unknownKey = "unknown_key"
        case wrongType = "wrong_type"
        case emptyText = "empty_text"
        case nullCharacter = "null_character"
        case prompt = "prompt"

        package static func < (first: Reason, second: Reason) -> Bool { first.rawValue < second.rawValue }
    }

    /// What it is counted by.
    package var reason: Reason {
        switch self {
        case .tooLong: .tooLong
        case .notUTF8: .notUTF8
        case .json: .json
        case .notAnObject: .notAnObject
        case .missingKey: .missingKey
        case .unknownKey: .unknownKey
        case .wrongType: .wrongType
        case .emptyText: .emptyText
        case .nullCharacter: .nullCharacter
        case .prompt: .prompt
        }
    }
}

extension LineRefusal: CustomStringConvertible {
    /// One line, with both values.
    package var description: String {
        switch self {
        case .tooLong(let limit): "the line has more than \(limit) bytes"
        case .notUTF8: "not valid UTF-8"
        case .json(let error): "\(error)"
        case .notAnObject(let found): "expected a JSON object, found \(found)"
        case .missingKey(let key): "key \"\(key)\" is missing"
        case .unknownKey(let key, let allowed):
            "unknown key \(String(key.prefix(60)).debugDescription); allowed are \(allowed.joined(separator: ", "))"
        case .wrongType(let key, let found): "\"\(key)\": expected a string, found \(found)"
        case .emptyText(let field): "\"\(field.rawValue)\" is empty"
        case .nullCharacter(let field): "\"\(field.rawValue)\" holds the character U+0000"
        case .prompt(let field, let reason): "\"\(field.rawValue)\": \(reason)"
        }
    }
}
