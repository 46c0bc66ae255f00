import JSON

/// Rationales that were written of the same texts at several steps: `samples.jsonl`.
package struct TrainingSamples: Sendable, Equatable {
    /// One rationale.
    package struct Sample: Sendable, Equatable {
        /// The step whose weights wrote it.
        package let step: Double
        /// What was written.
        package let rationale: String
        /// Why it ended; nil where the file does not say.
        package let finishReason: String?
    }

    /// A text and what was written of it.
    package struct Text: Sendable, Equatable {
        /// The text.
        package let text: String
        /// In the order of the steps.
        package internal(set) var samples: [Sample]
    }

    /// In the order in which they first come.
    package let texts: [Text]

    /// No samples.
    package init() {
        texts = []
    }

    /// Reads one object a line, `{"step", "text", "rationale", "finish_reason"}`. A step that comes twice for a text counts as
    /// it came last.
    ///
    /// - Parameter file: for messages.
    /// - Throws: `json`, `notAnObject`, `wrongType`, `tooMany`.
    package init(parsing bytes: [UInt8], file: String) throws(TrainingReportError) {
        var texts: [Text] = []
        var places: [[UInt8]: Int] = [:]
        for (line, members) in try JSONLines(parsing: bytes, file: file).objects {
            func wrongType(_ key: String, _ expected: String) -> TrainingReportError {
                .wrongType(
                    file: file, line: line, key: key, expected: expected, found: (members[key] ?? .null).summary)
            }
            func string(_ key: String) throws(TrainingReportError) -> String {
                guard case .string(let text) = members[key] else { throw wrongType(key, "a string") }
                return text
            }
            let step: Double
            switch members["step"] {
            case .integer(let integer): step = Double(integer)
            case .number(let number): step = number
            default: throw wrongType("step", "a number")
            }
            var finishReason: String?
            if let value = members["finish_reason"], value != .null { finishReason = try string("finish_reason") }
            let sample = Sample(step: step, rationale: try string("rationale"), finishReason: finishReason)
            // Bytes: texts that look alike need not be the same.
            let text = try string("text")
            let place = places[Array(text.utf8), default: texts.count]
            if place == texts.count {
                places[Array(text.utf8)] = place
                texts.append(Text(text: text, samples: []))
            }
            texts[place].samples.removeAll { $0.step == step }
            texts[place].samples.append(sample)
        }
        for index in texts.indices {
            texts[index].samples.sort { $0.step < $1.step }
        }
        self.texts = texts
    }
}
