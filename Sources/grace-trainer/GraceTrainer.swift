import ArgumentParser
import Configuration
import Foundation

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
        do {
            // The environment is the server's: what is set for it says nothing to a training.
            let configuration = try Configuration(
                options: CommandOptions(helpJSON: TrainCommand._dumpHelp()), arguments: Array(typed.dropFirst()),
                environment: [:])
            if typed.contains("--print-config") {
                print(configuration.listing)
            } else {
                await train(configuration)
            }
        } catch {
            FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
            exit(withError: ExitCode.validationFailure)
        }
    }

    private static func train(_ configuration: Configuration) async {
        do {
            var command = try parseAsRoot(["train"] + configuration.arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            for origin in configuration.origins(ofOptionsIn: message(for: error)) {
                FileHandle.standardError.write(Data("\(origin)\n".utf8))
            }
            exit(withError: error)
        }
    }
}
