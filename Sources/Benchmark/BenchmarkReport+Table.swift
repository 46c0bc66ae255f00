import Foundation
import Tensors
import Transformer

extension BenchmarkReport {
    /// For people: what was measured with what, a Markdown table with a line for each number of texts at once, and the
    /// machine's limits.
    package var table: String {
        let processor = Host.processorName.map { ", \($0)" } ?? ""
        let heading = """
            \(checkpoint), \(precision.rawValue) (\(kernels)), \(threads) threads\(processor)
            prompts of \(plan.promptTokens) tokens, rationales of \(plan.rationaleTokens); rates are the best of \
            \(plan.rounds) rounds
            """
        let columns = [
            "at once", "prefill, tokens/s", "of peak", "decode, tokens/s", "of bandwidth", "of peak", "texts/s",
            "p50, ms", "p99, ms",
        ]
        let rows = results.map { result in
            [
                "\(result.concurrency)", number(result.prefillRates.max), percent(prefillPeakShare(result)),
                number(result.decodeRates.max), percent(bandwidthShare(result)), percent(decodePeakShare(result)),
                number(result.textsPerSecond, digits: 2), number(result.latencies.percentile(50) * 1000),
                number(result.latencies.percentile(99) * 1000),
            ]
        }
        return ([heading, ""] + markdown([columns] + rows) + ["", limitsLine, memoryLine]).joined(separator: "\n")
    }

    private var limitsLine: String {
        let peaks = Arithmetic.allCases.compactMap { arithmetic in
            limits.operations[arithmetic].map { "\(arithmetic) \(number($0 / 1e9)) G operations/s" }
        }
        return "limits: memory \(number(limits.memoryBandwidth / 1e9, digits: 1)) GB/s, "
            + peaks.joined(separator: ", ")
    }

    private var memoryLine: String {
        let peak = peakMemory.map { "\(number(Double($0) / 1e6)) MB" } ?? "unknown"
        return "memory: \(peak) at most, \(number(Double(weightBytes) / 1e6)) MB of them weights"
    }
}

/// Lines of a table, the first of `rows` its head; columns are as wide as their widest cell, numbers to the right.
private func markdown(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
        let cells = zip(row, widths).map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
        return "| " + cells.joined(separator: " | ") + " |"
    }
    lines.insert("|" + widths.map { String(repeating: "-", count: $0 + 1) + ":" }.joined(separator: "|") + "|", at: 1)
    return lines
}

private func number(_ value: Double, digits: Int = 0) -> String {
    String(format: "%.\(digits)f", value)
}

private func percent(_ share: Double) -> String {
    number(share * 100) + "%"
}
