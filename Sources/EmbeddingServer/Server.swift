import Engine
import Foundation
import Grace
import HTTP
import Logging
import Serving
import SystemPackage
import TLS
import Transformer

/// The program: listens, loads the model, serves until it is told to stop.
package struct Server: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let store: ModelStore
    private let http: HTTPServer
    private let admin: HTTPServer?
    private let keyFiles: [ReloadingKeys]
    private let tls: TLSReloader?

    /// Takes the addresses, so that a port in use is known before a model is read.
    ///
    /// - Parameter droppedLogLines: how many lines of the log were lost so far, for `/metrics`.
    /// - Throws: `ServerError`
    package init(
        configuration: ServerConfiguration, logger: Logger, droppedLogLines: @escaping @Sendable () -> Int = { 0 }
    ) throws(ServerError) {
        do throws(GraceError) {
            try Compute.checkKernels()
        } catch {
            throw .kernels(error)
        }
        Compute.returnLargeMemory()
        self.configuration = configuration
        self.logger = logger
        let metrics = ServerMetrics(limits: configuration.batchLimits, droppedLogLines: droppedLogLines)
        var loader = configuration.modelLoader
        metrics.observe(&loader, logger: logger, logsTexts: configuration.logsTexts)
        store = ModelStore(
            directory: configuration.models, loader: loader, memoryLimit: configuration.memoryLimit
        ) { event in
            metrics.checkpoints.record(event)
            logger.log(event)
        }
        metrics.add(store)
        let accessLogger = configuration.accessLogger(logger)
        let names = store.listing.checkpoints.map(\.name) + [CheckpointRouting.activeName]
        if let alias = configuration.routing.aliases.keys.sorted().first(where: names.contains) {
            throw .alias(name: alias)
        }
        let keys = try Self.keys(configuration.keyFile, logger: logger)
        let adminKeys = try Self.keys(configuration.admin?.keyFile, logger: logger)
        keyFiles = [keys, adminKeys].compactMap { $0 }
        tls = try Self.tls(configuration.tls, logger: logger)
        do throws(ListenerError) {
            var listeners = [try Listener(host: configuration.host, port: configuration.port)]
            if let path = configuration.unixSocket { listeners.append(try Listener(unixPath: path)) }
            http = try HTTPServer(
                listeners: listeners,
                handler: LoggedApplication(
                    store: store, configuration: configuration, keys: keys, logger: accessLogger, metrics: metrics),
                limits: configuration.httpLimits, observer: metrics.http, tls: tls)
        } catch {
            throw .listener(error)
        }
        if let settings = configuration.admin {
            admin = try Self.adminServer(
                settings, store: store, routing: configuration.routing, keys: adminKeys, logger: accessLogger,
                metrics: metrics)
        } else {
            admin = nil
        }
    }

    private static func tls(_ files: TLSFiles?, logger: Logger) throws(ServerError) -> TLSReloader? {
        guard let files else { return nil }
        do throws(TLSError) {
            let tls = try TLSReloader(files)
            logger.log(tls.current.warnings)
            return tls
        } catch {
            throw .tls(error)
        }
    }

    private static func keys(_ path: FilePath?, logger: Logger) throws(ServerError) -> ReloadingKeys? {
        guard let path else { return nil }
        do throws(KeyFile.Failure) {
            let keys = try ReloadingKeys(path: path) { logger.log($0) }
            keys.watch()
            return keys
        } catch {
            throw .keys(error)
        }
    }

    private static func adminServer(
        _ admin: AdminConfiguration, store: ModelStore, routing: CheckpointRouting, keys: ReloadingKeys?,
        logger: Logger, metrics: ServerMetrics
    ) throws(ServerError) -> HTTPServer {
        let server: HTTPServer
        do throws(ListenerError) {
            server = try HTTPServer(
                listeners: [Listener(host: admin.host, port: admin.port)],
                handler: LoggedApplication(
                    administering: store, routing: routing, keys: keys, logger: logger, metrics: metrics))
        } catch {
            throw .listener(error)
        }
        guard server.address.isLoopback || keys != nil else {
            throw .adminWithoutKey(address: server.address.description)
        }
        return server
    }

    /// What the server listens on.
    package var address: SocketAddress { http.address }

    /// What the operator's listener listens on; nil without one.
    package var adminAddress: SocketAddress? { admin?.address }

    /// Answers requests from now on: with 503 until the model is loaded.
    ///
    /// - Returns: the line that says that the server is ready.
    /// - Throws: `ServerError.model`; the server has then stopped.
    package func start() async throws(ServerError) -> String {
        Compute.useThreads(configuration.threads)
        raiseDescriptorLimit()
        http.start()
        admin?.start()
        let start = ContinuousClock.now
        do throws(StoreError) {
            try await store.start(configuration.model)
        } catch {
            await stopListening(deadline: .zero)
            throw .model(error)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if let canary = configuration.routing.canary { loadCanary(canary.checkpoint) }
        return readyLine(seconds: seconds)
    }

    /// Looks at the directory of checkpoints again, and reads the files of keys and certificates.
    package func rescan() {
        for keys in keyFiles { keys.reload() }
        reloadCertificates()
        store.rescan()
        logger.notice("checkpoints", metadata: ["names": "\(store.listing.checkpoints.map(\.name))"])
    }

    /// New connections get the new certificate; where there is none, the old one.
    private func reloadCertificates() {
        guard let tls else { return }
        do throws(TLSError) {
            logger.log(try tls.reload().warnings)
            logger.notice("certificate")
        } catch {
            logger.error("the old certificate stays in force", metadata: ["reason": "\(error)"])
        }
    }

    /// A connection needs a descriptor, and so do files, logs and the engine.
    private func raiseDescriptorLimit() {
        let needed = configuration.httpLimits.maxConnections + Self.otherDescriptors
        let limit = DescriptorLimit.raise(to: needed)
        guard limit < needed else { return }
        logger.warning(
            "the process may not have as many descriptors as --max-connections needs",
            metadata: ["needed": "\(needed)", "limit": "\(limit)"])
    }

    private static let otherDescriptors = 512

    /// Stops accepting, finishes what is in flight up to the deadline, and ends the engines.
    package func stop() async {
        store.stop()
        await stopListening(deadline: configuration.shutdownDeadline)
        await store.endAll()
    }

    private func stopListening(deadline: Duration) async {
        async let admin: Void? = admin?.shutdown(deadline: deadline)
        await http.shutdown(deadline: deadline)
        await admin
    }

    /// While it loads, and if it fails, the active checkpoint answers in its place; the log has the reason.
    private func loadCanary(_ name: String) {
        do throws(StoreError) {
            _ = try store.load(name, activates: false)
        } catch {
            logger.log(.failed(name: name, error))
        }
    }

    private func readyLine(seconds: Double) -> String {
        guard let model = store.listing.activeModel else { return "grace-server \(graceVersion) ready" }
        logger.info(
            "compute",
            metadata: [
                "compute": "\(model.compute)", "threads": "\(configuration.threads)",
                "coretype": "\(ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] ?? "unset")",
            ])
        let addresses = http.addresses.map { address in
            address.host == nil ? "\(address)" : "\(tls == nil ? "http" : "https")://\(address)"
        }
        return "grace-server \(graceVersion) ready: \(addresses.joined(separator: ", ")), \(model.identity), "
            + "\(model.precision.rawValue) (\(Compute.kernels(for: model.precision))), \(configuration.threads) threads, "
            + "loaded in \(String(format: "%.2f", seconds)) s"
            + (admin.map { ", admin http://\($0.address)" } ?? "")
    }
}

extension ServerConfiguration {
    /// The logger of requests.
    fileprivate func accessLogger(_ logger: Logger) -> Logger {
        var accessLogger = logger
        switch accessLog {
        case nil: break
        case true: accessLogger.logLevel = min(logger.logLevel, .info)
        case false: accessLogger.logLevel = max(logger.logLevel, .notice)
        }
        return accessLogger
    }
}

extension Logger {
    fileprivate func log(_ warnings: [TLSWarning]) {
        for warning in warnings { self.warning("certificate", metadata: ["reason": "\(warning)"]) }
    }

    /// A line for what became of a file of keys.
    fileprivate func log(_ event: ReloadingKeys.Event) {
        switch event {
        case .reloaded(let path, let count): notice("keys", metadata: ["file": "\(path)", "count": "\(count)"])
        case .failed(let failure): error("the old keys stay in force", metadata: ["reason": "\(failure)"])
        }
    }

    /// A line for what happens to a checkpoint.
    fileprivate func log(_ event: StoreEvent) {
        switch event {
        case .loading(let name): info("loading", metadata: ["checkpoint": "\(name)"])
        case .loaded(let name, let identity, let isActive):
            notice(
                isActive ? "loaded and active" : "loaded",
                metadata: ["checkpoint": "\(name)", "fingerprint": "\(identity.fingerprint)"])
        case .failed(let name, let error):
            self.error("load failed", metadata: ["checkpoint": "\(name)", "reason": "\(error)"])
        case .activated(let name): notice("active", metadata: ["checkpoint": "\(name)"])
        case .draining(let name): info("unloading", metadata: ["checkpoint": "\(name)"])
        case .unloaded(let name): notice("unloaded", metadata: ["checkpoint": "\(name)"])
        case .answeredOnTrial: break
        }
    }
}
