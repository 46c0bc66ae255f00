import Foundation
import FoundationXML
import TestSupport
import Testing
import TrainingReport

private func metrics(_ lines: [String]) throws -> TrainingMetrics {
    try TrainingMetrics(parsing: Array(lines.joined(separator: "\n").utf8 + [0x0A]), file: "metrics.jsonl")
}

private func samples(_ lines: [String]) throws -> TrainingSamples {
    try TrainingSamples(parsing: Array(lines.joined(separator: "\n").utf8 + [0x0A]), file: "samples.jsonl")
}

private func page(_ lines: [String], samples: TrainingSamples = TrainingSamples()) throws -> String {
    TrainingReport(title: "run", metrics: try metrics(lines), samples: samples).html
}

/// The places of the numbers in the paths of a class.
private func paths(_ page: String, class name: String) -> [[(x: Double, y: Double)]] {
    page.split(separator: "<path ").filter { $0.contains("class=\"\(name)") && !$0.contains("M1 4H21") }.compactMap {
        path in
        path.range(of: "d=\"M").map { start in
            path[start.upperBound...].prefix { $0 != "\"" && $0 != "Z" }.split(separator: "L").map { point in
                let numbers = point.split(separator: " ").compactMap { Double($0) }
                return (numbers.first ?? .nan, numbers.last ?? .nan)
            }
        }
    }
}

/// Checks that the page is well-formed XML but for what HTML writes otherwise, and asks for nothing from elsewhere.
private func checkPage(_ page: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let start = try #require(page.range(of: "<body>"), sourceLocation: sourceLocation)
    let end = try #require(page.range(of: "<script>"), sourceLocation: sourceLocation)
    let body = page[start.lowerBound..<end.lowerBound] + "</body>"
    let parser = XMLParser(data: Data(body.utf8))
    #expect(parser.parse(), "\(parser.parserError as Any) at line \(parser.lineNumber)", sourceLocation: sourceLocation)
    #expect(!page.contains("src="), sourceLocation: sourceLocation)
    #expect(!page.contains("href="), sourceLocation: sourceLocation)
    #expect(!page.lowercased().contains("url(") || !page.contains("url(http"), sourceLocation: sourceLocation)
    #expect(page.components(separatedBy: "<script").count == 2, sourceLocation: sourceLocation)
    #expect(!body.contains("nan") && !body.contains("inf "), sourceLocation: sourceLocation)
}

@Suite("Training metrics")
struct TrainingMetricsTests {
    @Test("Values are gathered by key, in the order of the steps; the last line of a step counts")
    func series() throws {
        let metrics = try metrics([
            #"{"step": 1, "loss": 3, "note": "text", "list": [1]}"#, #"{"step": 3, "loss": 1}"#, "",
            #"{"step": 2, "loss": 9, "kl": 0.5}"#, #"{"step": 2, "loss": 2}"#,
        ])
        #expect(metrics.series.keys.sorted() == ["loss"])
        #expect(metrics.series["loss"]?.points.map(\.step) == [1, 2, 3])
        #expect(metrics.series["loss"]?.points.map(\.value) == [3, 2, 1])
        #expect(metrics.stepCount == 3 && metrics.lastStep == 3 && !metrics.isCutOff)
    }

    @Test("What is no number is counted, in every spelling; a key that is absent is not")
    func lost() throws {
        let metrics = try metrics([
            #"{"step": 1, "a": NaN, "b": -Infinity, "c": null, "s": "NaN Infinity \" NaN"}"#,
            #"{"step": 2, "a": 1.5, "b": "Infinity", "c": Infinity}"#, #"{"step": 3}"#,
        ])
        #expect(metrics.series["a"]?.lost == 1 && metrics.series["a"]?.points.map(\.value) == [1.5])
        #expect(metrics.series["b"]?.lost == 2 && metrics.series["b"]?.points.isEmpty == true)
        #expect(metrics.series["c"]?.lost == 2)
        #expect(metrics.series["s"] == nil)
    }

    @Test("Lines without a step have their number; the last line may be cut off")
    func cutOff() throws {
        let text = "{\"loss\": 1}\n{\"loss\": 2}\n{\"loss\": 3"
        let metrics = try TrainingMetrics(parsing: Array(text.utf8), file: "m")
        #expect(metrics.series["loss"]?.points.map(\.step) == [1, 2])
        #expect(metrics.isCutOff)
        #expect(try TrainingMetrics(parsing: [], file: "m").stepCount == 0)
    }

    @Test(
        "What is wrong is named by file and line",
        arguments: [
            ("{\"a\": 1}\n{\"a\": }\n", "m:2: invalid JSON at byte 6: expected a value"),
            ("{}\n\n[1]\n", "m:3: expected an object, found an array of 1"),
            ("{\"a\": 1, \"a\": 2}\n", "m:1: key a occurs twice"),
        ])
    func refusals(text: String, message: String) {
        let error = #expect(throws: TrainingReportError.self) {
            try TrainingMetrics(parsing: Array(text.utf8), file: "m")
        }
        #expect(error?.description == message)
    }

    @Test("More keys than anybody looks at are refused")
    func tooManyKeys() {
        let members = (0...500).map { "\"k\($0)\": 1" }.joined(separator: ", ")
        #expect(throws: TrainingReportError.tooMany(file: "metrics.jsonl", what: "different keys", limit: 500)) {
            try metrics(["{\(members)}"])
        }
    }

    @Test("Samples are gathered by text, in the order of the steps")
    func sampleTexts() throws {
        let samples = try samples([
            #"{"step": 50, "text": "b", "rationale": "later", "finish_reason": "stop"}"#,
            #"{"step": 0, "text": "a", "rationale": ""}"#,
            #"{"step": 0, "text": "b", "rationale": "first", "finish_reason": null}"#,
            #"{"step": 50, "text": "b", "rationale": "again", "finish_reason": "length"}"#,
        ])
        #expect(samples.texts.map(\.text) == ["b", "a"])
        #expect(samples.texts[0].samples.map(\.rationale) == ["first", "again"])
        #expect(samples.texts[0].samples.map(\.finishReason) == [nil, "length"])
    }

    @Test(
        "A sample that lacks something is refused",
        arguments: [
            (#"{"text": "a", "rationale": "r"}"#, "step: expected a number, found null"),
            (#"{"step": 1, "rationale": "r"}"#, "text: expected a string, found null"),
            (#"{"step": 1, "text": "a", "rationale": 1}"#, "rationale: expected a string, found 1"),
            (
                #"{"step": 1, "text": "a", "rationale": "", "finish_reason": 1}"#,
                "finish_reason: expected a string, found 1"
            ),
        ])
    func sampleRefusals(line: String, message: String) {
        let error = #expect(throws: TrainingReportError.self) { try samples([line]) }
        #expect(error?.description == "samples.jsonl:1: \(message)")
    }

    @Test("Any bytes are read or refused, never worse")
    func fuzz() throws {
        let seed = Array(
            ("{\"step\": 1, \"text\": \"a\", \"rationale\": \"<b>\", \"loss\": NaN}\n"
                + "{\"step\": 2e3, \"loss\": -1e308}\n").utf8)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<3_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
                }
            }
            let metrics = try? TrainingMetrics(parsing: bytes, file: "m")
            let samples = try? TrainingSamples(parsing: bytes, file: "s")
            if let metrics {
                let page = TrainingReport(title: "t", metrics: metrics, samples: samples ?? TrainingSamples()).html
                try checkPage(page)
            }
        }
    }
}

@Suite("Training report")
struct TrainingReportTests {
    private let hostile = "</style><script>alert('x')</script> & \"quoted\" \u{0}\u{202E}\r\n<img src=x onerror=y>"

    @Test("Every kind of run gives a whole page that needs nothing from elsewhere")
    func wholePages() throws {
        let cases: [[String]] = [
            [], ["{}"], [#"{"step": 7}"#], [#"{"step": 7, "loss": 1}"#], [#"{"step": 0, "loss": null}"#],
            [#"{"step": 1, "loss": 1e308}"#, #"{"step": 2, "loss": -1e308}"#],
            [#"{"step": 1, "loss": 5e-324}"#, #"{"step": 2, "loss": 0}"#],
            [#"{"step": -1e300, "loss": 1}"#, #"{"step": 1e300, "loss": 1}"#],
            [#"{"step": 1, "loss": 3}"#, #"{"step": 2, "loss": 3}"#],
            [#"{"step": 1, "held_out_margin": 0.1, "held_out_margin_error": 0.02}"#],
            [
                #"{"step": 1, "held_out_margin": 1e308, "held_out_margin_error": 1e308}"#,
                #"{"step": 2, "held_out_margin": 0}"#,
            ],
            [#"{"step": 1, "held_out_margin_error": 0.02}"#],
            (0..<5_000).map { "{\"step\": \($0), \"loss\": \(1000.0 / Double($0 + 1)), \"made_up\": \($0 % 7)}" },
        ]
        for lines in cases { try checkPage(page(lines)) }
    }

    @Test("Texts, names and settings are content, whatever stands in them")
    func hostileTexts() throws {
        let escaped = String(decoding: try JSONEncoder().encode(hostile), as: UTF8.self)
        let report = TrainingReport(
            title: hostile, metrics: try metrics(["{\"step\": 1, \(escaped): 2}"]),
            samples: try samples([
                "{\"step\": 1, \"text\": \(escaped), \"rationale\": \(escaped), \"finish_reason\": \(escaped)}"
            ]),
            configuration: [(hostile, hostile)])
        let page = report.html
        try checkPage(page.replacing("src=x", with: ""))
        #expect(!page.contains("alert('x')") && !page.contains("<img"))
        let content = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot; \u{FFFD}\u{FFFD}"
        #expect(page.components(separatedBy: content).count > 6)
        #expect(!page.unicodeScalars.contains("\u{202E}"))
    }

    @Test("Measurements that belong together share a chart; others have one of their own at the end")
    func charts() throws {
        let text = try page([
            #"{"step": 1, "zebra_count": 4, "reward_positive": 8, "reward_negative": -8, "loss": 1, "epoch": 0.5}"#,
            #"{"step": 2, "zebra_count": 5, "reward_positive": 8, "reward_negative": -9, "loss": 1, "epoch": 0.5}"#,
        ])
        let titles = text.components(separatedBy: "<h3 id=").dropFirst().map {
            $0.drop { $0 != ">" }.dropFirst().prefix { $0 != "<" }
        }
        #expect(titles == ["Parts of the reward", "Loss", "zebra count"])
        #expect(text.contains("aria-labelledby=\"c0-0t c0-0d\""))
        #expect(text.contains("positive: from 8 to 8, at least 8, at most 8."))
    }

    @Test("The parts of the reward are drawn from where they began, and named as they are")
    func changes() throws {
        let text = try page(
            (0..<4).map { step in
                "{\"step\": \(step), \"reward_positive\": \(8 + step), \"reward_negative\": \(-80 - step)}"
            })
        let lines = paths(text, class: "smooth")
        #expect(lines.count == 2 && lines[0][0].y == lines[1][0].y)
        #expect(abs(lines[0][3].y + lines[1][3].y - 2 * lines[0][0].y) < 0.21 && lines[0][3].y < lines[0][0].y - 10)
        #expect(text.contains("positive <b>11</b>") && text.contains("negative <b>\u{2212}83</b>"))
    }

    @Test("Noise is smoothed away, what has none is left as it is, and a line does not bend at its ends")
    func smoothing() throws {
        let noisy = try page((0..<300).map { "{\"step\": \($0), \"loss\": \(Double($0) / 100 + Double($0 % 2))}" })
        let line = try #require(paths(noisy, class: "smooth").first)
        let raw = try #require(paths(noisy, class: "raw").first)
        #expect(raw.count == 300 && line.count == 300)
        let slopes = zip(line, line.dropFirst()).map { $0.y - $1.y }
        let mean = (line[0].y - line[299].y) / 299
        #expect(mean > 0.1 && slopes.allSatisfy { abs($0 - mean) < 3 })
        let schedule = try page(
            (0..<300).map { "{\"step\": \($0), \"loss\": \(min(Double($0), 20) - Double($0) / 100)}" })
        #expect(paths(schedule, class: "raw").isEmpty)
        #expect(paths(schedule, class: "smooth").first?.count == 300)
    }

    @Test("A curve is where its numbers are")
    func places() throws {
        let text = try page((0...4).map { "{\"step\": \($0 * 10), \"loss\": \([1.0, 2, 4, 3, 5][$0])}" })
        let curve = try #require(paths(text, class: "smooth").first)
        #expect(curve.count == 5)
        // Even steps, and heights as far from each other as the values are.
        #expect(zip(curve, curve.dropFirst()).allSatisfy { abs($1.x - $0.x - (curve[4].x - curve[0].x) / 4) < 0.11 })
        let unit = curve[0].y - curve[1].y
        #expect(unit > 10)
        #expect(abs(curve[1].y - curve[2].y - 2 * unit) < 0.21 && abs(curve[3].y - curve[2].y - unit) < 0.21)
        #expect(text.components(separatedBy: "<circle").count == 6)
    }

    @Test("The error band lies around the margin")
    func band() throws {
        let text = try page(
            (0..<30).map { step in
                "{\"step\": \(step), \"held_out_margin\": \(Double(step) / 100)"
                    + (step % 10 == 0 ? ", \"held_out_margin_error\": 0.05}" : "}")
            })
        let band = try #require(paths(text, class: "band").first)
        #expect(band.count == 6)
        #expect(band[0].x == band[5].x && band[2].x == band[3].x)
        #expect(zip(band.prefix(3), band.reversed()).allSatisfy { $0.y < $1.y - 10 })
        let margin = try #require(paths(text, class: "smooth").first)
        #expect(abs((band[0].y + band[5].y) / 2 - margin[0].y) < 0.11)
    }

    @Test(
        "Thousands of steps become a bounded number of points, and no spike is lost", arguments: [401, 5_000, 50_000])
    func thinning(count: Int) throws {
        let spike = count / 3
        let text = try page(
            (0..<count).map { "{\"step\": \($0), \"loss\": \($0 == spike ? 2.0 : Double($0 % 10) / 10)}" })
        let raw = try #require(paths(text, class: "raw").first)
        let smooth = try #require(paths(text, class: "smooth").first)
        #expect((200...400).contains(raw.count) && (200...400).contains(smooth.count))
        let highest = raw.map(\.y).min() ?? 0
        #expect(raw.count { $0.y == highest } == 1)
        #expect(raw.first?.x == smooth.first?.x && raw.last?.x == smooth.last?.x)
        // The smoothed line runs through the middle of the saw.
        let heights = smooth.dropFirst(40).dropLast(40).map(\.y)
        #expect((heights.max() ?? 0) - (heights.min() ?? 0) < 20)
    }

    @Test("A few far values do not flatten the rest, and are said")
    func outliers() throws {
        var values = (0..<200).map { 1 + Double($0 % 20) / 20 }
        values[40] = 1e6
        let text = try page(values.enumerated().map { "{\"step\": \($0.offset), \"gradient_norm\": \($0.element)}" })
        #expect(text.contains("1 far value lies beyond the axis."))
        let raw = try #require(paths(text, class: "raw").first)
        #expect((raw.map(\.y).max() ?? 0) - (raw.map(\.y).sorted()[5]) > 40)
    }

    @Test("Values that are no numbers are said")
    func lost() throws {
        let text = try page([#"{"step": 1, "loss": NaN, "kl_to_start": null}"#, #"{"step": 2, "loss": 1}"#])
        #expect(text.contains("1 value was not a number."))
        #expect(text.contains("No value was a number."))
    }

    @Test("Of many samples of a text the first, the last and some between are shown")
    func manySamples() throws {
        let lines = (0..<40).flatMap { step in
            (0..<14).map {
                "{\"step\": \(step * 5), \"text\": \"text \($0)\", \"rationale\": \"at \(step * 5)\", "
                    + "\"finish_reason\": \"length\"}"
            }
        }
        let text = try page([#"{"step": 1, "loss": 1}"#], samples: samples(lines))
        #expect(text.components(separatedBy: "class=\"version\"").count - 1 == 12 * 6)
        #expect(text.contains("2 more texts are not shown."))
        #expect(text.contains("Step 0 ") && text.contains("Step 195 "))
        #expect(text.contains("<span class=\"reason cut\">length</span>"))
    }

    @Test("The configuration keeps its order")
    func configuration() throws {
        let report = TrainingReport(
            title: "run", metrics: try metrics([]), configuration: [("steps", "60"), ("rate", "5e-4"), ("base", "x")])
        let keys = report.html.components(separatedBy: "<th scope=\"row\">").dropFirst().map { $0.prefix { $0 != "<" } }
        #expect(keys == ["steps", "rate", "base"])
        #expect(report.html.contains("Nothing has been measured yet."))
    }
}
