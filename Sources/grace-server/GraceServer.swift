import ArgumentParser
import CommandLines
import EmbeddingServer
import Foundation

/// The program: it serves, unless the first argument names something else.
@main
struct GraceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grace-server",
        version: graceVersion,
        subcommands: [
            ServeCommand.self, EmbedCommand.self, ExplainCommand.self, BenchmarkCommand.self, CheckpointsCommand.self,
            HealthCommand.self,
        ],
        defaultSubcommand: ServeCommand.self,
        // Help is about serving: who asks for it without naming a subcommand wants to see these options.
        helpNames: [])

    static func main() async {
        let typed = Array(CommandLine.arguments.dropFirst())
        guard let serving = servingArguments(typed) else {
            await main(typed)
            return
        }
        let settings = settings(of: ServeCommand.self, serving, environment: ProcessInfo.processInfo.environment)
        await run(ServeCommand.self, settings) { ($0 as? ServeCommand)?.file.printConfig == true }
    }

    /// The arguments of `serve`; nil where something else is asked for.
    private static func servingArguments(_ arguments: [String]) -> [String]? {
        let others = configuration.subcommands.compactMap { $0.configuration.commandName }
        let questions = ["-h", "--help", "--version", "--experimental-dump-help", "--generate-completion-script"]
        if arguments.contains(where: { argument in questions.contains { argument.hasPrefix($0) } }) { return nil }
        guard let first = arguments.first else { return [] }
        if first == ServeCommand.configuration.commandName { return Array(arguments.dropFirst()) }
        return others.contains(first) || first == "help" ? nil : arguments
    }
}

/// Where options come from besides the command line.
struct FileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file of options; also GRACE_CONFIG.", valueName: "file"))
    var config: String?

    @Flag(help: "Print every option's value and where it comes from, as such a file, and exit.")
    var printConfig = false
}
