/// The header fields of a message: ordered, several lines of one name allowed, names compared without regard to case
/// (RFC 9110, section 5).
package struct HTTPFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Sendable, Equatable {
        /// The name as it was written.
        package let name: String
        /// The value without surrounding white space.
        package let value: String
    }

    /// The field lines in their order.
    package private(set) var lines: [Field] = []

    /// No fields.
    package init() {}

    /// One line for each element, in order; a name may occur more than once.
    package init(dictionaryLiteral elements: (String, String)...) {
        lines = elements.map { Field(name: $0, value: $1) }
    }

    /// The value of the first line with this name; setting replaces every line with the name.
    package subscript(name: String) -> String? {
        get { lines.first { $0.name.equalsIgnoringCase(name) }?.value }
        set {
            lines.removeAll { $0.name.equalsIgnoringCase(name) }
            if let newValue {
                append(name, newValue)
            }
        }
    }

    /// Adds a line after the others.
    package mutating func append(_ name: String, _ value: String) {
        lines.append(Field(name: name, value: value))
    }

    /// The values of all lines with this name.
    package func values(of name: String) -> [String] {
        lines.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
    }

    /// The elements of a field that is a comma-separated list, over all its lines, in lower case, without white space
    /// around them (RFC 9110, section 5.6.1). Empty elements are kept: where they decide, they are an error.
    package func listElements(of name: String) -> [String] {
        values(of: name).flatMap { value in
            value.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingWhitespace().lowercased() }
        }
    }
}

extension StringProtocol {
    /// Equality of ASCII strings without regard to case.
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension Substring {
    /// The string without spaces and tabs (OWS: RFC 9110, section 5.6.3) at its ends.
    func trimmingWhitespace() -> Substring {
        var result = self
        while let last = result.utf8.last, last.isWhitespace { result.removeLast() }
        return result.drop { $0 == " " || $0 == "\t" }
    }
}
