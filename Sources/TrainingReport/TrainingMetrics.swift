import JSON

/// What a training run measured, step by step: `metrics.jsonl`.
package struct TrainingMetrics: Sendable, Equatable {
    /// One measurement.
    package struct Point: Sendable, Equatable {
        /// The step.
        package let step: Double
        /// The value, finite.
        package let value: Double
    }

    /// What was measured under one key.
    package struct Series: Sendable, Equatable {
        /// In the order of the steps.
        package internal(set) var points: [Point] = []
        /// How many values were no finite numbers.
        package internal(set) var lost = 0
    }

    /// By key; a key that only ever held what is no number is there without points.
    package let series: [String: Series]
    /// The number of different steps.
    package let stepCount: Int
    /// The last step; nil without any.
    package let lastStep: Double?
    /// Whether the file's last line had no end and was left out.
    package let isCutOff: Bool

    /// The key of the step, which is not measured.
    static let stepKey = "step"
    /// More different keys than anybody looks at.
    static let keyLimit = 500

    /// Reads one object a line. A step that comes twice, since a run was taken up again at an earlier one, counts as it came
    /// last; a line without a step has its number among the lines.
    ///
    /// - Parameter file: for messages.
    /// - Throws: `json`, `notAnObject`, `tooMany`.
    package init(parsing bytes: [UInt8], file: String) throws(TrainingReportError) {
        let lines = try JSONLines(parsing: bytes, file: file)
        var rows: [Double: [String: JSONValue]] = [:]
        for (index, (_, members)) in lines.objects.enumerated() {
            rows[members[Self.stepKey].flatMap(\.finite) ?? Double(index + 1)] = members
        }
        var series: [String: Series] = [:]
        for (step, members) in rows.sorted(by: { $0.key < $1.key }) {
            for (key, value) in members where key != Self.stepKey && value.isMeasurement {
                if let number = value.finite {
                    series[key, default: Series()].points.append(Point(step: step, value: number))
                } else {
                    series[key, default: Series()].lost += 1
                }
            }
            guard series.count <= Self.keyLimit else {
                throw .tooMany(file: file, what: "different keys", limit: Self.keyLimit)
            }
        }
        self.series = series
        stepCount = rows.count
        lastStep = rows.keys.max()
        isCutOff = lines.isCutOff
    }
}

extension JSONValue {
    /// The number, if it is a finite one.
    fileprivate var finite: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }

    /// Whether it stands where a number may: writers put null or a word where there was none. Texts and lists are nobody's
    /// curve.
    fileprivate var isMeasurement: Bool {
        switch self {
        case .integer, .number, .null: true
        case .string(let word): ["NaN", "Infinity", "-Infinity"].contains(word)
        default: false
        }
    }
}
