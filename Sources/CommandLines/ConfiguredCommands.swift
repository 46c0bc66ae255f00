import ArgumentParser
import Configuration
import Foundation

/// Programs of which a subcommand's options can also stand in the environment and in a file.
extension AsyncParsableCommand {
    /// What sets the options of a subcommand; ends the program where environment or file is wrong.
    ///
    /// - Parameter arguments: without the subcommand's name.
    package static func settings(
        of subcommand: any ParsableCommand.Type, _ arguments: [String], environment: [String: String]
    ) -> Configuration {
        do {
            return try Configuration(
                options: CommandOptions(helpJSON: subcommand._dumpHelp()), arguments: arguments,
                environment: environment)
        } catch {
            FileHandle.standardError.write(Data("\(configuration.commandName ?? ""): \(error)\n".utf8))
            exit(withError: ExitCode.validationFailure)
        }
    }

    /// Runs a subcommand with its settings; ends the program where they are wrong or it fails.
    ///
    /// - Parameter isListing: whether the command, which is given, is to print its settings and no more.
    package static func run(
        _ subcommand: any ParsableCommand.Type, _ settings: Configuration,
        isListing: @Sendable (any ParsableCommand) -> Bool = { _ in false }
    ) async {
        do {
            var command = try parseAsRoot([subcommand.configuration.commandName ?? ""] + settings.arguments)
            if isListing(command) {
                print(settings.listing)
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            // The message is the parser's, which knows of arguments alone.
            for origin in settings.origins(ofOptionsIn: message(for: error)) {
                FileHandle.standardError.write(Data("\(origin)\n".utf8))
            }
            exit(withError: error)
        }
    }
}
