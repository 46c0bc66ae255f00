import ArgumentParser
import Configuration
import EmbeddingServer
import Foundation
import Transformer

/// The program: it serves, unless the first argument names something else.
@main
struct GraceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grace-server",
        version: graceVersion,
        subcommands: [ServeCommand.self, BenchmarkCommand.self, CheckpointsCommand.self, HealthCommand.self],
        defaultSubcommand: ServeCommand.self,
        // Help is about serving: who asks for it without naming a subcommand wants to see these options.
        helpNames: [])

    static func main() async {
        let typed = Array(CommandLine.arguments.dropFirst())
        guard let serving = servingArguments(typed) else {
            await main(typed)
            return
        }
        do {
            let options = try CommandOptions(helpJSON: ServeCommand._dumpHelp())
            await serve(
                try Configuration(
                    options: options, arguments: serving, environment: ProcessInfo.processInfo.environment))
        } catch {
            FileHandle.standardError.write(Data("grace-server: \(error)\n".utf8))
            exit(withError: ExitCode.validationFailure)
        }
    }

    /// Runs the server with what command line, environment and file say.
    private static func serve(_ configuration: Configuration) async {
        do {
            var command = try parseAsRoot([ServeCommand.configuration.commandName ?? "serve"] + configuration.arguments)
            if let serve = command as? ServeCommand, serve.file.printConfig {
                print(configuration.listing)
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // The message is the parser's, which knows of arguments alone.
            for origin in configuration.origins(ofOptionsIn: message(for: error)) {
                FileHandle.standardError.write(Data("\(origin)\n".utf8))
            }
            exit(withError: error)
        }
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

extension Precision: ExpressibleByArgument {}
