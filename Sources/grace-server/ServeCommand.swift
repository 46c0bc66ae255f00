import ArgumentParser
import CommandLines
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
            grace-server embed [<options>] [<input>]
            grace-server explain [<options>] [<input>]
            grace-server benchmark [<options>]
            grace-server checkpoints <command>
            grace-server health [<options>]
            """,
        discussion: """
            The model writes a rationale of its understanding of each text; text and rationale are mean-pooled into \
            the vector. POST texts to /embed, or to /explain for the rationales. See docs/api.md.

            grace-server embed and grace-server explain do the same for the lines of a file, without a server. \
            grace-server benchmark measures a model on this machine, and grace-server checkpoints speaks to a \
            running server's admin listener: see their own --help.

            Every option can also be set in the environment and in a file. The command line comes before the \
            environment, which comes before the file:

              --max-body-bytes 1000000        on the command line
              GRACE_MAX_BODY_BYTES=1000000    in the environment
              max-body-bytes: 1000000         in the file that --config names

            There flags are true or false: GRACE_SPECULATION=false. An option that can be given several times has commas \
            between its values in the environment, and a list in the file; the first of the three that has it gives all \
            its values. The file is YAML: see Deploy/grace-server.yaml. Unknown keys and unknown variables that begin \
            with GRACE_ are errors.

            EXAMPLES:
              grace-server --models /srv/models --model my-checkpoint
              GRACE_PORT=9000 grace-server --config /etc/grace/grace-server.yaml
              grace-server --config /etc/grace/grace-server.yaml --print-config
              grace-server --log-format json --log-level info 2>> /var/log/grace.log

            EXIT CODES: 0 stopped by a signal, 1 could not start, 64 an option is unknown or its value not allowed. \
            SIGHUP reads certificates and keys again, and looks at the directory of checkpoints.
            """,
        helpNames: .shortAndLong)

    @OptionGroup(title: "Configuration") var file: FileOptions
    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "TLS") var tls: TLSOptions
    @OptionGroup(title: "Keys") var keys: KeyOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions
    @OptionGroup(title: "Limits of requests") var requests: RequestOptions
    @OptionGroup(title: "Limits of the model") var limits: LimitOptions

    @OptionGroup(title: "Log") var log: LogOptions

    func run() async throws {
        // A reader of the output that goes away, as in `grace-server 2>&1 | head`, must not take the server with it.
        signal(SIGPIPE, SIG_IGN)
        let logWriter = log.writer()
        // What was logged last says why it ends; a reader that is stuck must not keep it from ending.
        defer { logWriter.flush(within: .seconds(1)) }
        let logger = log.logger(logWriter)
        let (events, report) = AsyncStream.makeStream(of: Event.self)
        try Signals.listen(to: [SIGHUP]) { report.yield(.signal($0)) }
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
        tls.apply(to: &configuration)
        keys.apply(to: &configuration)
        requests.apply(to: &configuration)
        model.apply(to: &configuration)
        checkpoints.apply(to: &configuration)
        limits.apply(to: &configuration)
        log.apply(to: &configuration)
        return configuration
    }
}
