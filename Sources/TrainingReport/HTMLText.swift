/// Text for HTML and SVG: the one place that escapes it.
///
/// What stands in a sample or a key was written by a model or comes from a data file.
struct HTMLText {
    /// What was written.
    private(set) var text = ""

    /// Markup of the program's own.
    mutating func markup(_ markup: String) {
        text += markup
    }

    /// Anything: characters that mean something in markup, also within attributes, are spelled out.
    mutating func content(_ content: String) {
        text += Self.escaped(content)
    }

    /// An element with text in it.
    mutating func element(_ name: String, class className: String? = nil, _ content: String) {
        markup("<\(name)\(className.map { " class=\"\($0)\"" } ?? "")>")
        self.content(content)
        markup("</\(name)>")
    }

    static func escaped(_ content: String) -> String {
        var result = ""
        result.reserveCapacity(content.utf8.count)
        for scalar in content.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case "\r": break
            // HTML has no control characters, and marks of direction would turn what stands around them.
            case _ where scalar.properties.generalCategory == .control || Self.isForbidden(scalar): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            || scalar.value & 0xFFFE == 0xFFFE
    }
}
