import Grace
import Serving

extension ServerConfiguration {
    /// How models are read and run. Each value has a cache of its own.
    package var modelLoader: ModelLoader {
        ModelLoader(
            batchLimits: batchLimits, maxInputTokens: maxInputTokens,
            maxRationaleTokens: requestLimits.maxRationaleTokens, precision: precision, threads: threads,
            speculation: speculation, settings: settings,
            // Of the server, not of a model: results are known by their checkpoint, and outlive a switch.
            sharing: SharedGenerations(entryLimit: cacheEntries))
    }
}
