import Engine
import Grace
import Logging
import Metrics
import Serving

/// Everything that the server counts: docs/operations.md has a table of the series.
package struct ServerMetrics: Sendable {
    /// What is scraped.
    package let registry: Registry
    /// Connections, for whoever holds them.
    package let http: HTTPMetrics
    let texts: TextMetrics
    let steps: StepMetrics
    /// Events of the store, for whoever makes one.
    package let checkpoints: CheckpointMetrics

    /// All series at zero, but those of routes and checkpoints, which are added with these.
    ///
    /// - Parameter droppedLogLines: how many lines of the log were lost so far.
    package init(
        limits: BatchScheduler.Limits = ServerConfiguration().batchLimits,
        droppedLogLines: @escaping @Sendable () -> Int = { 0 }
    ) {
        registry = Registry()
        http = HTTPMetrics(registry)
        texts = TextMetrics(registry)
        steps = StepMetrics(registry, limits: limits)
        checkpoints = CheckpointMetrics(registry)
        registry.read("grace_log_dropped_lines_total", "Lines of the log that could not be written.", .counter) {
            Double(droppedLogLines())
        }
        ProcessMetrics.add(to: registry)
    }

    /// Has a loader's models tell what they do.
    ///
    /// - Parameters:
    ///   - logger: told of each step, at the level `trace`.
    ///   - logsTexts: false where texts and rationales stay out of the log, as they should.
    package func observe(_ loader: inout ModelLoader, logger: Logger, logsTexts: Bool) {
        loader.observer = logsTexts ? TextLog(logger: logger, next: texts) : texts
        let log = logger.logLevel <= .trace ? StepLog(logger: logger) : nil
        loader.onStep = { [steps] in
            steps.record($0)
            log?.record($0)
        }
    }

    /// Adds what is read of a store at every scrape.
    package func add(_ store: ModelStore) {
        checkpoints.add(store, to: registry)
        EngineMetrics.add(store, to: registry)
    }
}
