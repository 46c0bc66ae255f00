import ArgumentParser
import CommandLines
import Configuration

/// The program that makes the checkpoints that `grace-server` serves.
@main
struct GraceTrainer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grace-trainer",
        abstract: "Makes and judges GRACE checkpoints.",
        subcommands: [
            PrepareCommand.self, TrainCommand.self, EvaluateCommand.self, CompareCommand.self, ExportCommand.self,
            ReportCommand.self, BenchmarkCommand.self,
        ])

    static func main() async {
        let typed = Array(CommandLine.arguments.dropFirst())
        guard typed.first == "train", !typed.contains(where: { ["-h", "--help"].contains($0) }) else {
            await main(typed)
            return
        }
        // The environment is the server's: what is set for it says nothing to a training.
        let settings = settings(of: TrainCommand.self, Array(typed.dropFirst()), environment: [:])
        if typed.contains("--print-config") {
            print(settings.listing)
        } else {
            await run(TrainCommand.self, settings)
        }
    }
}
