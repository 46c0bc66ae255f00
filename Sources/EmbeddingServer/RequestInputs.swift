import Grace
import JSON

/// What a request wants embedded: one input or a list of them.
struct RequestInputs: Sendable, Equatable {
    /// What the request calls the field: `inputs` or `input`.
    let field: String
    /// In the request's order.
    let values: [EmbeddingInput]
    /// Whether the request has a list, perhaps of one.
    let isList: Bool

    /// An empty text or an empty list; not a list with an empty text.
    var isNothing: Bool { values.isEmpty || (!isList && values.allSatisfy(\.isEmpty)) }

    /// What decides a request's share in a trial: texts as they are, tokens as numbers.
    var trialTexts: [String] {
        values.map { input in
            switch input {
            case .text(let text): text
            case .tokens(let ids): ids.map(String.init).joined(separator: " ")
            }
        }
    }

    /// Takes texts as they are.
    init(field: String, texts: [String]) {
        self.init(field: field, values: texts.map { .text($0) })
    }

    /// Takes a list of inputs as they are.
    init(field: String, values: [EmbeddingInput]) {
        self.field = field
        self.values = values
        isList = true
    }

    /// Reads a string, a list of tokens (one input), or a list of strings and of lists of tokens.
    ///
    /// - Throws: `ServiceError.invalid`, naming the place and what was found.
    init(_ value: JSONValue?, field: String) throws(ServiceError) {
        self.field = field
        switch value {
        case nil: throw .invalid("`\(field)` is missing", field: field)
        case .string(let text):
            values = [.text(text)]
            isList = false
        case .array(let elements):
            if let ids = Self.integers(elements), !ids.isEmpty {
                values = [.tokens(ids)]
                isList = false
            } else {
                values = try Self.list(elements, field)
                isList = true
            }
        case .some(let other):
            throw .invalid("`\(field)` must be a string or a list of strings, not \(other.summary)", field: field)
        }
    }

    private static func list(_ elements: [JSONValue], _ field: String) throws(ServiceError) -> [EmbeddingInput] {
        var inputs: [EmbeddingInput] = []
        inputs.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            switch element {
            case .string(let text): inputs.append(.text(text))
            case .array(let tokens):
                guard let ids = integers(tokens) else {
                    let place = tokens.firstIndex { if case .integer = $0 { false } else { true } } ?? 0
                    throw .invalid(
                        "`\(field)[\(index)][\(place)]` must be a token, an integer, not \(tokens[place].summary)",
                        field: field)
                }
                inputs.append(.tokens(ids))
            default:
                throw .invalid(
                    "`\(field)[\(index)]` must be a string or a list of tokens, not \(element.summary)", field: field)
            }
        }
        return inputs
    }

    /// nil if one of them is anything else.
    private static func integers(_ elements: [JSONValue]) -> [Int]? {
        var integers: [Int] = []
        integers.reserveCapacity(elements.count)
        for element in elements {
            guard case .integer(let integer) = element else { return nil }
            integers.append(integer)
        }
        return integers
    }
}
