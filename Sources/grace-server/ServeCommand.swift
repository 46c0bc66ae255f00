import ArgumentParser
import EmbeddingServer
import Engine
import Foundation
import Grace
import Logging
import Logs
import SystemPackage

/// The command line of the server: options only.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves text embeddings that come with their reasons (GRACE) over HTTP.",
        usage: """
            grace-server [<options>]
            grace-server benchmark [<options>]
            grace-server checkpoints <command>
            """,
        discussion: """
            The model writes a rationale of its understanding of each text; text and rationale are mean-pooled into \
            the vector. POST texts to /embed, or to /explain for the rationales. See docs/api.md.

            grace-server benchmark measures a model on this machine instead, and grace-server checkpoints speaks to a \
            running server's admin listener: see their own --help.
            """,
        helpNames: .shortAndLong)

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions

    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        try listening.validate()
        try model.validate()
        try checkpoints.validate()
        try limits.validate()
    }

    func run() async throws {
        // A reader of the output that goes away, as in `grace-server 2>&1 | head`, must not take the server with it.
        signal(SIGPIPE, SIG_IGN)
        let logWriter = log.writer()
        // What was logged last says why it ends; a reader that is stuck must not keep it from ending.
        defer { logWriter.flush(within: .seconds(1)) }
        let logger = log.logger(logWriter)
        let (events, report) = AsyncStream.makeStream(of: Event.self)
        try Signals.listen { report.yield(.signal($0)) }
        let server: Server
        do throws(ServerError) {
            server = try Server(
                configuration: serverConfiguration, logger: logger,
                droppedLogLines: { logWriter.droppedCount })
        } catch {
            throw failure(error)
        }
        Task {
            do throws(ServerError) {
                report.yield(.started(.success(try await server.start())))
            } catch {
                report.yield(.started(.failure(error)))
            }
        }
        for await event in events {
            switch event {
            case .started(.success(let readiness)):
                print(readiness)
                fflush(nil)
            case .started(.failure(let error)):
                throw failure(error)
            case .signal(SIGHUP):
                server.rescan()
            case .signal(let number):
                logger.notice("stopping", metadata: ["signal": "\(number)"])
                await server.stop()
                return
            }
        }
    }

    private enum Event: Sendable {
        case started(Result<String, ServerError>)
        case signal(Int32)
    }

    private func failure(_ error: ServerError) -> ExitCode {
        FileHandle.standardError.write(Data("grace-server: \(error)\n".utf8))
        return .failure
    }

    private var serverConfiguration: ServerConfiguration {
        var configuration = ServerConfiguration()
        listening.apply(to: &configuration)
        model.apply(to: &configuration)
        checkpoints.apply(to: &configuration)
        limits.apply(to: &configuration)
        log.apply(to: &configuration)
        return configuration
    }
}
