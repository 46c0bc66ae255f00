import Confinement
import Dispatch
import Engine
import Foundation
import Grace
import HTTP
import Logging
import Transformer

/// Why the server could not start.
package enum ServerError: Error, Equatable, Sendable, CustomStringConvertible {
    case kernels(GraceError)
    case listener(ListenerError)
    case model(GraceError)

    package var description: String {
        switch self {
        case .listener(let error): "\(error)"
        case .kernels(let error), .model(let error): "\(error)"
        }
    }
}

/// The program: listens, loads the model, serves until it is told to stop.
package struct Server: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let store: ModelStore
    /// Of the server, not of the model: results are known by their checkpoint.
    private let sharing: SharedGenerations
    private let http: HTTPServer

    /// Takes the address, so that a port in use is known before a model is read.
    ///
    /// - Throws: `ServerError`
    package init(configuration: ServerConfiguration, logger: Logger) throws(ServerError) {
        do throws(GraceError) {
            try Compute.checkKernels()
        } catch {
            throw .kernels(error)
        }
        self.configuration = configuration
        self.logger = logger
        store = ModelStore(loading: configuration.model)
        sharing = SharedGenerations(entryLimit: configuration.cacheEntries)
        do throws(ListenerError) {
            let listener = try Listener(host: configuration.host, port: configuration.port)
            http = HTTPServer(
                listener: listener,
                handler: EmbeddingService(store: store, configuration: configuration, logger: logger),
                limits: configuration.httpLimits)
        } catch {
            throw .listener(error)
        }
    }

    /// What the server listens on.
    package var address: SocketAddress { http.address }

    /// Answers requests from now on: with 503 until the model is loaded.
    ///
    /// - Returns: the line that says that the server is ready.
    /// - Throws: `ServerError.model`; the server has then stopped.
    package func start() async throws(ServerError) -> String {
        Compute.useThreads(configuration.threads)
        http.start()
        let start = ContinuousClock.now
        do throws(GraceError) {
            let embedder = try await load()
            store.enter(.ready(embedder))
            let model = embedder.model
            logger.info(
                "compute",
                metadata: [
                    "compute": "\(model.compute)", "threads": "\(configuration.threads)",
                    "coretype": "\(ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] ?? "unset")",
                ])
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return "grace-server \(graceVersion) ready: http://\(address), \(model.identity), "
                + "\(model.precision.rawValue) (\(Compute.kernels(for: model.precision))), \(configuration.threads) threads, "
                + "loaded in \(String(format: "%.2f", seconds)) s"
        } catch {
            store.enter(.failed(reason: "\(error)"))
            await http.shutdown(deadline: .zero)
            throw .model(error)
        }
    }

    /// Stops accepting, finishes what is in flight up to the deadline, and ends the engine.
    package func stop() async {
        let last = store.state
        store.enter(.stopping)
        await http.shutdown(deadline: configuration.shutdownDeadline)
        if case .ready(let embedder) = last {
            embedder.engine.stop()
        }
    }

    private func load() async throws(GraceError) -> Embedder {
        let result = await runBlocking(on: DispatchQueue(label: "loading")) {
            Result { () throws(GraceError) in
                let path = try configuration.models.resolve(configuration.model)
                return try Embedder(
                    model: LoadedModel(
                        path: path, settings: configuration.settings, precision: configuration.precision),
                    limits: configuration.batchLimits, maxInputTokens: configuration.maxInputTokens,
                    workers: configuration.threads, speculation: configuration.speculation, sharing: sharing)
            }
        }
        return try result.get()
    }
}
