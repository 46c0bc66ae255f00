import Foundation

/// Lines of a Markdown table, the first of `rows` its head: the first `textColumns` columns to the left, numbers to the
/// right, columns as wide as their widest cell.
func markdownTable(_ rows: [[String]], textColumns: Int) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
        rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    var lines = rows.map { row in
        let cells = zip(row, widths).enumerated().map { column, cell in
            let space = String(repeating: " ", count: cell.1 - cell.0.count)
            return column < textColumns ? cell.0 + space : space + cell.0
        }
        return "| " + cells.joined(separator: " | ") + " |"
    }
    let rule = widths.enumerated().map { column, width in
        String(repeating: "-", count: width + 1) + (column < textColumns ? "-" : ":")
    }
    lines.insert("|" + rule.joined(separator: "|") + "|", at: min(1, lines.count))
    return lines
}

/// A fraction out of a hundred, with two digits: `57.61`.
func points(_ fraction: Double) -> String {
    decimal(fraction * 100, digits: 2)
}

/// The same with its sign: `+1.20`.
func signedPoints(_ fraction: Double) -> String {
    (fraction * 100 > -0.005 ? "+" : "") + points(fraction)
}

/// A number with so many digits behind the point.
func decimal(_ value: Double, digits: Int) -> String {
    let text = String(format: "%.\(digits)f", value)
    // What rounds to zero has no sign.
    return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
}
