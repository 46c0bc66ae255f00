import JSON

/// The members of a request's JSON object, each read as the type that its field has.
struct RequestFields {
    private let members: [String: JSONValue]

    /// The names of all members, in order.
    var names: [String] { members.keys.sorted() }

    init(parsing body: [UInt8]) throws(ServiceError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw .malformed("the body is not a JSON document: \(error)")
        }
        guard case .object(let members) = value else {
            throw .invalid("the body must be a JSON object, not \(value.summary)")
        }
        self.members = members
    }

    private init(_ members: [String: JSONValue]) {
        self.members = members
    }

    /// The members of an object inside of this one; none where it is absent or null.
    func object(_ name: String) throws(ServiceError) -> RequestFields {
        guard let value = value(name) else { return RequestFields([:]) }
        guard case .object(let members) = value else { throw wrongType(name, "an object", value) }
        return RequestFields(members)
    }

    /// nil where the field is absent or null.
    func value(_ name: String) -> JSONValue? {
        let value = members[name]
        return value == .null ? nil : value
    }

    func bool(_ name: String) throws(ServiceError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { throw wrongType(name, "true or false", value) }
        return bool
    }

    func integer(_ name: String) throws(ServiceError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let integer) = value else { throw wrongType(name, "an integer", value) }
        return integer
    }

    func number(_ name: String) throws(ServiceError) -> Double? {
        switch value(name) {
        case nil: return nil
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case .some(let other): throw wrongType(name, "a number", other)
        }
    }

    func string(_ name: String) throws(ServiceError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let string) = value else { throw wrongType(name, "a string", value) }
        return string
    }

    private func wrongType(_ name: String, _ expected: String, _ found: JSONValue) -> ServiceError {
        .invalid("`\(name)` must be \(expected), not \(found.summary)", field: name)
    }
}
