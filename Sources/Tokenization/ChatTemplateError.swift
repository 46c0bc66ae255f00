/// Why a chat template was refused at load, or could not be rendered.
package enum ChatTemplateError: Error, Equatable, Sendable {
    /// The template's source is longer than any template needs to be. Sizes in bytes.
    case sourceTooLarge(found: Int, limit: Int)
    /// The source is not a Jinja template.
    case syntax(line: Int, found: String, expected: String)
    /// The source uses a construct of Jinja outside the subset.
    case unsupported(line: Int, construct: String)
    /// Blocks or expressions (at load), or lists (while rendering) are nested too deeply.
    case nestingTooDeep(line: Int, limit: Int)
    /// An operation met a value that it is not defined for.
    case wrongValue(line: Int, operation: String, found: String, expected: String)
    /// A value was used that the template never defined.
    case undefinedValue(line: Int, name: String)
    /// A result does not fit a 64-bit integer.
    case integerOverflow(line: Int, operation: String)
    /// The template called `raise_exception`.
    case raised(line: Int, message: String)
    /// Rendering took more steps than allowed.
    case stepLimitExceeded(line: Int, limit: Int)
    /// Rendering produced or read more bytes than allowed.
    case byteLimitExceeded(line: Int, limit: Int)
    /// The template repeats, reorders or scatters the user's text. UTF-8 ranges of the rendering.
    case contentRenderedTwice(first: Range<Int>, second: Range<Int>)
    /// The template leaves the user's text out.
    case contentNotRendered
}

extension ChatTemplateError: CustomStringConvertible {
    /// One line that names the place in the template, what was found and what was expected.
    package var description: String {
        let message =
            switch self {
            case .sourceTooLarge(let found, let limit):
                "the source has \(found) bytes, the limit is \(limit)"
            case .syntax(let line, let found, let expected):
                "line \(line): found \(found), expected \(expected)"
            case .unsupported(let line, let construct):
                "line \(line): \(construct) is not supported"
            case .nestingTooDeep(let line, let limit):
                "line \(line): nested deeper than \(limit) levels"
            case .wrongValue(let line, let operation, let found, let expected):
                "line \(line): \(operation) found \(found), expected \(expected)"
            case .undefinedValue(let line, let name):
                "line \(line): '\(name)' is undefined"
            case .integerOverflow(let line, let operation):
                "line \(line): the result of \(operation) does not fit 64 bits"
            case .raised(let line, let message):
                "line \(line): the template refuses the messages: \(message)"
            case .stepLimitExceeded(let line, let limit):
                "line \(line): rendering takes more than \(limit) steps"
            case .byteLimitExceeded(let line, let limit):
                "line \(line): rendering handles more than \(limit) bytes"
            case .contentRenderedTwice(let first, let second):
                "the user's text is rendered at bytes \(first) and again at bytes \(second), expected one place"
            case .contentNotRendered:
                "the user's text is rendered nowhere, expected one place"
            }
        return Self.singleLine("chat template: " + message)
    }

    /// Parts of messages come from the template: they must neither break a log's lines nor flood it.
    private static func singleLine(_ message: String) -> String {
        var line = ""
        for scalar in message.unicodeScalars.prefix(500) {
            if scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}" {
                line += scalar.escaped(asASCII: true)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
