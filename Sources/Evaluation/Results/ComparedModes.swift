/// The results of one mode of each of two evaluations, which are to be compared.
package struct ComparedModes: Sendable, Equatable {
    package let first: [TaskResult]
    package let second: [TaskResult]
    /// What they are, for the head of a table.
    package let firstName: String
    package let secondName: String

    /// Which modes of two evaluations are compared: those that are named; or else, where each has only one, these; or else
    /// those that both have.
    ///
    /// - Parameters:
    ///   - names: of the two files.
    ///   - modes: both or none.
    /// - Throws: `EvaluationError.incomparable`, `.nothingInCommon`
    package static func pairs(
        _ first: EvaluationResults, _ second: EvaluationResults, names: (first: String, second: String),
        modes: (first: RationaleMode.Kind?, second: RationaleMode.Kind?) = (nil, nil)
    ) throws(EvaluationError) -> [ComparedModes] {
        guard first.settings.maxWords == second.settings.maxWords else {
            throw .incomparable(
                task: "all tasks", what: "--max-words", first: "\(first.settings.maxWords)",
                second: "\(second.settings.maxWords)")
        }
        var chosen: [(first: RationaleMode, second: RationaleMode)] = []
        if first.modes.count == 1, second.modes.count == 1, modes.first == nil {
            chosen = [(first.modes[0], second.modes[0])]
        } else {
            for mode in first.modes where modes.first.map({ $0 == mode.kind }) ?? true {
                let kind = modes.second ?? mode.kind
                if let other = second.modes.first(where: { $0.kind == kind }) { chosen.append((mode, other)) }
            }
        }
        guard !chosen.isEmpty else { throw .nothingInCommon(first: names.first, second: names.second) }
        func name(_ results: EvaluationResults, _ file: String, _ mode: RationaleMode) -> String {
            "\(results.model.name)@\(results.model.fingerprint.prefix(12)), \(results.model.compute), "
                + "\(mode.title) (\(file))"
        }
        return chosen.map { mode in
            ComparedModes(
                first: first.tasks(of: mode.first), second: second.tasks(of: mode.second),
                firstName: name(first, names.first, mode.first), secondName: name(second, names.second, mode.second))
        }
    }

    /// A table for each pair.
    ///
    /// - Throws: `EvaluationError.incomparable`, `.nothingInCommon`
    package static func tables(
        of pairs: [ComparedModes], bootstrap: Bootstrap
    ) throws(EvaluationError) -> [String] {
        var tables: [String] = []
        for pair in pairs {
            let names = (first: pair.firstName, second: pair.secondName)
            let comparison = try Comparison(pair.first, pair.second, bootstrap: bootstrap, names: names)
            tables.append(comparison.table(names: names, resamples: bootstrap.resamples))
        }
        return tables
    }
}
