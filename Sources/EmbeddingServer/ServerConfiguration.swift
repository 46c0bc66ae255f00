import Engine
import Grace
import HTTP
import SystemPackage

/// The version of the programs.
package let graceVersion = "0.1.0"

/// The number format of weights and activations.
package enum Precision: String, Sendable, CaseIterable {
    case float32
}

/// Everything that the server's options decide.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 8080
    package var models = ModelDirectory(path: "Models")
    /// A name in `models`, or a path.
    package var model = "SmolLM2-135M-Instruct"
    package var precision = Precision.float32
    package var threads = PhysicalCores.count
    package var settings = GraceSettings()
    package var maxInputTokens = GraceSettings.publishedMaxInputTokens
    package var requestLimits = RequestLimits(
        maxClientBatchSize: 32, defaultMaxRationaleTokens: 64,
        maxRationaleTokens: GraceSettings.publishedMaxRationaleTokens)
    package var batchLimits = BatchScheduler.Limits(
        maxLiveRequests: 32, maxBatchTokens: 32_768, maxStepTokens: 256, maxRequests: 512)
    package var httpLimits = HTTPLimits()
    /// How long requests in flight may take after a signal to stop.
    package var shutdownDeadline = Duration.seconds(30)

    package init() {}

    /// Precision and kernels: they change a vector's last bits.
    package var compute: String { "\(precision.rawValue)/\(Compute.kernels)" }
}
