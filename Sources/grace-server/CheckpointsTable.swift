import JSON

/// The admin listener's answer, as a table for people.
struct CheckpointsTable {
    private let answer: JSONValue

    init(_ answer: JSONValue) {
        self.answer = answer
    }

    /// What the server says went wrong; nil if nothing did.
    var error: String? { answer["error"]?.string }

    /// A line for each checkpoint, under a heading.
    var text: String {
        let rows = [["NAME", "STATE", "FINGERPRINT", "MEMORY", "REQUESTS", ""]] + checkpoints.map(row)
        let widths = (0..<rows[0].count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private var checkpoints: [JSONValue] {
        if case .array(let checkpoints) = answer["checkpoints"] { checkpoints } else { [] }
    }

    private func row(_ checkpoint: JSONValue) -> [String] {
        let isPrevious = checkpoint["name"]?.string == answer["previous"]?.string
        return [
            checkpoint["name"]?.string ?? "", checkpoint["state"]?.string ?? "",
            String((checkpoint["fingerprint"]?.string ?? "-").prefix(12)),
            checkpoint["memory_bytes"]?.integer.map { "\($0 / 1_000_000) MB" } ?? "-",
            checkpoint["requests"]?.integer.map(String.init) ?? "-",
            checkpoint["reason"]?.string ?? (isPrevious ? "rollback goes here" : ""),
        ]
    }
}

extension JSONValue {
    fileprivate subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    fileprivate var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    fileprivate var integer: Int? {
        if case .integer(let integer) = self { integer } else { nil }
    }
}
