extension Configuration {
    /// A file of all settings that gives the same again; comments say where each comes from.
    package var listing: String {
        var lines: [String] = []
        var section: String?
        for setting in settings {
            if setting.option.section != section {
                section = setting.option.section
                lines.append((lines.isEmpty ? "# " : "\n# ") + (section ?? "Other"))
            }
            lines.append(contentsOf: setting.lines)
        }
        return lines.joined(separator: "\n")
    }
}

extension Configuration.Setting {
    fileprivate var lines: [String] {
        let comment = "  # \(source)"
        guard let values else { return ["# \(option.name):\(comment), not set"] }
        guard option.isRepeatable else { return ["\(option.name): \(Self.scalar(values.last ?? ""))\(comment)"] }
        guard !values.isEmpty else { return ["\(option.name): []\(comment)"] }
        return ["\(option.name):\(comment)"] + values.map { "  - \(Self.scalar($0))" }
    }

    /// A scalar that is read as this text: in quotation marks unless it is one plain word.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "./_-".utf8.contains(byte)
            } && !text.isEmpty && !text.hasPrefix("-") && !["null", "Null", "NULL"].contains(text)
        guard !isPlain else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case let scalar where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value == 0xFEFF:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
