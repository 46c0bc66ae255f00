extension PreparationReport {
    /// The report for people: some lines, without a line feed at the end.
    package var text: String {
        var lines: [String] = []
        for (input, format) in zip(header.inputs, formats) {
            lines.append(
                "input        \(input.name), \(Self.grouped(input.byteCount)) bytes, read as \(format.rawValue)")
        }
        lines.append(
            "lines        \(Self.grouped(lineCount)): \(Self.grouped(readCount)) examples, "
                + "\(Self.grouped(blankLineCount)) blank, \(Self.grouped(refusals.total)) refused")
        for (reason, count) in refusals.counts.sorted(by: { $0.key < $1.key }) {
            lines.append("             \(reason.rawValue): \(Self.grouped(count))")
        }
        lines.append(
            "too long     \(Self.grouped(overLimitCount)) over \(Self.grouped(header.prompt.maxTokens)) tokens, "
                + "dropped; the longest prompt has \(Self.grouped(longestPrompt))")
        lines.append(
            "duplicates   \(Self.grouped(duplicateCount)), \(header.keepsDuplicates ? "kept" : "dropped")")
        lines.append(
            "shared texts \(Self.grouped(sharedTextCount)) with a held-out query or positive, "
                + (header.keepsSharedTexts ? "kept" : "dropped"))
        lines.append(
            "kept         \(Self.grouped(header.exampleCount)) \(header.kind.rawValue): "
                + "\(Self.grouped(header.trainingCount)) to train on, \(Self.grouped(header.heldOutCount)) held out")
        if header.kind == .triplets {
            lines.append(
                "negatives    \(Self.grouped(header.negativeCount)), \(Self.grouped(header.minedCount)) of them mined")
        }
        lines += lengthTable
        lines.append("dataset      \(digest)")
        return lines.joined(separator: "\n")
    }

    private var lengthTable: [String] {
        var rows = [["prompt tokens", "min", "median", "mean", "p95", "max"]]
        for field in TextField.allCases {
            guard let lengths = lengths[field] else { continue }
            let mean = (lengths.mean * 10).rounded() / 10
            rows.append(
                [
                    field.rawValue, "\(lengths.minimum)", "\(lengths.percentile(50))", "\(mean)",
                    "\(lengths.percentile(95))", "\(lengths.maximum)",
                ])
        }
        return rows.map { row in
            row.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: max(0, (index == 0 ? 13 : 8) - cell.count))
                return index == 0 ? cell + padding : padding + cell
            }.joined()
        }
    }

    /// Digits in threes.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }
}
