import JSON

/// The OpenAPI document, with values of the running server in the places that its source leaves for them.
///
/// A string `{name}` in the source stands for the value of that name; where the server has none at the moment, the member
/// that holds it is left out.
struct OpenAPIDocument: Sendable {
    private let source: JSONValue

    /// - Throws: `JSONError` for a source that is not JSON.
    init(parsing source: [UInt8]) throws(JSONError) {
        self.source = try JSONValue(parsing: source)
    }

    /// The document in JSON.
    func json(with values: [String: JSONValue]) -> [UInt8] {
        var writer = JSONWriter(reserving: 1 << 17)
        writer.value(Self.filled(source, values) ?? .null)
        return writer.bytes
    }

    /// The names that the source leaves a place for.
    var names: Set<String> { Self.names(in: source) }

    private static func filled(_ value: JSONValue, _ values: [String: JSONValue]) -> JSONValue? {
        switch value {
        case .null, .bool, .integer, .number: value
        case .string(let text): name(of: text).map { values[$0] } ?? value
        case .array(let elements): .array(elements.compactMap { filled($0, values) })
        case .object(let members): .object(members.compactMapValues { filled($0, values) })
        }
    }

    private static func names(in value: JSONValue) -> Set<String> {
        switch value {
        case .null, .bool, .integer, .number: []
        case .string(let text): name(of: text).map { [$0] } ?? []
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(names(in: $1)) }
        case .object(let members): members.values.reduce(into: []) { $0.formUnion(names(in: $1)) }
        }
    }

    /// What stands between braces that are all of a string.
    private static func name(of text: String) -> String? {
        guard text.count > 2, text.first == "{", text.last == "}" else { return nil }
        let name = text.dropFirst().dropLast()
        return name.allSatisfy { $0.isLowercase || $0 == "_" } ? String(name) : nil
    }
}
