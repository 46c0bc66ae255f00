/// A piece of a template's source.
struct JinjaToken {
    enum Kind: Equatable {
        /// What stands outside the tags, white space control applied.
        case data([UInt8])
        /// `{%`
        case blockBegin
        /// `%}`
        case blockEnd
        /// `{{`
        case outputBegin
        /// `}}`
        case outputEnd
        case name(String)
        case text([UInt8])
        case integer(Int)
        case symbol(JinjaSymbol)
        case endOfTemplate
    }

    let kind: Kind
    /// Counted from 1.
    let line: Int
}

/// The punctuation inside tags.
enum JinjaSymbol: String, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case floorDivide = "//"
    case power = "**"
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case modulo = "%"
    case tilde = "~"
    case assign = "="
    case pipe = "|"
    case dot = "."
    case comma = ","
    case colon = ":"
    case semicolon = ";"
    case parenthesisOpen = "("
    case parenthesisClose = ")"
    case bracketOpen = "["
    case bracketClose = "]"
    case braceOpen = "{"
    case braceClose = "}"

    /// What closes a bracket that this symbol opens.
    var closing: JinjaSymbol? {
        switch self {
        case .parenthesisOpen: .parenthesisClose
        case .bracketOpen: .bracketClose
        case .braceOpen: .braceClose
        default: nil
        }
    }

    /// Whether the symbol closes a bracket.
    var isClosing: Bool {
        self == .parenthesisClose || self == .bracketClose || self == .braceClose
    }
}

extension JinjaToken.Kind: CustomStringConvertible {
    /// The token as an error message names it.
    var description: String {
        switch self {
        case .data: "text"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .outputBegin: "'{{'"
        case .outputEnd: "'}}'"
        case .name(let name): "'\(name)'"
        case .text: "a string"
        case .integer(let value): "'\(value)'"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .endOfTemplate: "the end of the template"
        }
    }
}
