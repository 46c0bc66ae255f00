import Engine
import Grace
import Metrics
import Serving

/// How full the engines and the cache of results are, read at every scrape.
enum EngineMetrics {
    static func add(_ store: ModelStore, to registry: Registry) {
        func sum(_ name: String, _ help: String, _ value: @escaping @Sendable (GenerationEngine.Load) -> Int) {
            registry.read(name, help, .gauge) { [weak store] in
                Double((store?.loaded ?? []).reduce(0) { $0 + value($1.embedder.engine.load) })
            }
        }
        sum("te_queue_size", "Texts that wait for a place in the batch.") { $0.waiting }
        sum("grace_live_texts", "Texts in the batch.") { $0.live }
        sum("grace_kv_positions_reserved", "Positions of key-value caches that texts in the batch can come to fill.") {
            $0.reservedPositions
        }
        registry.read("grace_kv_positions_limit", "Positions that all engines together may reserve.", .gauge) {
            [weak store] in
            store.map { Double($0.loaded.count * $0.loader.batchLimits.maxBatchTokens) } ?? 0
        }
        registry.read("grace_cache_entries", "Results that are kept.", .gauge) { [weak store] in
            store.map { Double($0.loader.sharing.load.kept) } ?? 0
        }
    }
}
