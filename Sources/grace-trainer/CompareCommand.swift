import ArgumentParser
import Evaluation
import SystemPackage

/// The command line of the comparison: options and output only.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two results of `evaluate`, unit against unit.",
        discussion: """
            A and B may be the same file, with --first-mode and --second-mode. Without these the modes that both have \
            are compared; where each has one, these are. See docs/evaluation.md.

            EXAMPLES:
              grace-trainer compare base.json trained.json
              grace-trainer compare base.json base.json --first-mode none --second-mode greedy
            """)

    @Argument(help: "Results of `evaluate`: A.") var first: String
    @Argument(help: "Results to compare with these: B.") var second: String

    @Option(help: ArgumentHelp("The mode of A.", valueName: "mode")) var firstMode: RationaleMode.Kind?
    @Option(help: ArgumentHelp("The mode of B.", valueName: "mode")) var secondMode: RationaleMode.Kind?

    @OptionGroup(title: "Intervals") var intervals: BootstrapOptions

    func validate() throws {
        guard (firstMode == nil) == (secondMode == nil) else {
            throw ValidationError("--first-mode and --second-mode need each other")
        }
    }

    func run() throws {
        do throws(EvaluationError) {
            let results = (
                first: try EvaluationResults(contentsOf: FilePath(first)),
                second: try EvaluationResults(contentsOf: FilePath(second))
            )
            let pairs = try ComparedModes.pairs(
                results.first, results.second, names: (first, second), modes: (firstMode, secondMode))
            print(try ComparedModes.tables(of: pairs, bootstrap: intervals.bootstrap).joined(separator: "\n\n"))
        } catch {
            throw failure(error)
        }
    }
}
