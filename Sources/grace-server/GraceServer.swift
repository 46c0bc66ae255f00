import ArgumentParser
import EmbeddingServer
import Transformer

/// The program: it serves, unless the first argument names something else.
@main
struct GraceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grace-server",
        version: graceVersion,
        subcommands: [ServeCommand.self, BenchmarkCommand.self, CheckpointsCommand.self],
        defaultSubcommand: ServeCommand.self,
        // Help is about serving: who asks for it without naming a subcommand wants to see these options.
        helpNames: [])
}

extension Precision: ExpressibleByArgument {}
