import ArgumentParser
import Dispatch
import EmbeddingServer
import Engine
import Foundation
import Grace
import Logging
import SystemPackage

/// The command line of the server: options only.
@main
struct GraceServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grace-server",
        abstract: "Serves text embeddings that come with their reasons (GRACE) over HTTP.",
        discussion: """
            The model writes a rationale of its understanding of each text; text and rationale are mean-pooled into \
            the vector. POST texts to /embed, or to /explain for the rationales. See docs/api.md.
            """,
        version: graceVersion)

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @Option(help: "The least severe messages to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .notice

    func validate() throws {
        try listening.validate()
        try model.validate()
        try limits.validate()
    }

    func run() async throws {
        var logger = Logger(label: "grace-server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        let server: Server
        let readiness: String
        do throws(ServerError) {
            server = try Server(configuration: serverConfiguration, logger: logger)
            readiness = try await server.start()
        } catch {
            FileHandle.standardError.write(Data("grace-server: \(error)\n".utf8))
            throw ExitCode.failure
        }
        print(readiness)
        fflush(nil)
        let signal = await firstSignal(of: [SIGTERM, SIGINT])
        logger.notice("stopping", metadata: ["signal": "\(signal)"])
        await server.stop()
    }

    private var serverConfiguration: ServerConfiguration {
        var configuration = ServerConfiguration()
        listening.apply(to: &configuration)
        model.apply(to: &configuration)
        limits.apply(to: &configuration)
        return configuration
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

/// Waits for one of the signals; a second one ends the process at once, as a signal does by default.
private func firstSignal(of signals: [Int32]) async -> Int32 {
    await withCheckedContinuation { continuation in
        let sources = signals.map { number in
            signal(number, SIG_IGN)
            return (number, DispatchSource.makeSignalSource(signal: number, queue: .main))
        }
        for (number, source) in sources {
            source.setEventHandler {
                for (number, source) in sources {
                    source.cancel()
                    signal(number, SIG_DFL)
                }
                continuation.resume(returning: number)
            }
            source.resume()
        }
    }
}
