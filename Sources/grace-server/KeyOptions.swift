import ArgumentParser
import EmbeddingServer
import SystemPackage

/// Who may ask.
struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The keys of clients, one a line, # before comments; read again when it changes. By default anyone may ask.",
            valueName: "file"))
    var apiKeyFile: String?

    @Flag(help: "Ask for a key at /metrics too.")
    var privateMetrics = false

    func validate() throws {
        if privateMetrics, apiKeyFile == nil {
            throw ValidationError("--private-metrics has no use without --api-key-file")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.keyFile = apiKeyFile.map { FilePath($0) }
        configuration.metricsArePrivate = privateMetrics
    }
}
