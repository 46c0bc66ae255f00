import Engine
import Grace
import HTTP
import Serving
import SystemPackage
import TLS
import Transformer

/// The version of the programs.
package let graceVersion = "0.1.0"

/// Everything that the server's options decide.
package struct ServerConfiguration: Sendable {
    /// A name or a numeric address of this machine; by default only this machine can connect.
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 8080
    /// The path of a Unix socket to listen on too; nil for none.
    package var unixSocket: String?
    /// The certificate that the network's connections are encrypted with; nil leaves them plain.
    package var tls: TLSFiles?
    /// Where `model` is looked up.
    package var models = ModelDirectory(path: "Models")
    /// The checkpoint that is active at first: a name in `models`, or a path.
    package var model = Self.defaultModel
    /// What the models may take together, in bytes.
    package var memoryLimit = MachineMemory.byteCount
    /// How requests find their checkpoint.
    package var routing = CheckpointRouting()
    /// Where operators load and switch checkpoints; nil for nowhere.
    package var admin: AdminConfiguration? = AdminConfiguration()
    /// The number format of the products; nil takes what suits checkpoint and processor. Answers of `/info` and
    /// `x-grace-compute` name it.
    package var precision: Precision?
    /// Threads of a matrix product; more than the physical cores slow it down.
    package var threads = PhysicalCores.count
    /// The system message of checkpoints that have none of their own; another one gives vectors that must not be mixed with
    /// these.
    package var settings = GraceSettings()
    /// The most tokens of a prompt, template and system message among them.
    package var maxInputTokens = GraceSettings.publishedMaxInputTokens
    /// What one request may ask for.
    package var requestLimits = RequestLimits(
        maxClientBatchSize: 32, defaultMaxRationaleTokens: 64,
        maxRationaleTokens: GraceSettings.publishedMaxRationaleTokens)
    /// What all requests may take together; one step's tokens are no option of the command line.
    package var batchLimits = BatchScheduler.Limits(
        maxLiveRequests: 64, maxBatchTokens: 32_768, maxStepTokens: 256, maxRequests: 512, reserve: .eighth)
    /// Results kept for texts that come again; 0 keeps none, and shares no generation that is under way either.
    package var cacheEntries = 4096
    /// How far steps run ahead of what is written; nil where they do not. It changes no result.
    package var speculation: Speculation? = Speculation()
    /// How long a request may take; nil gives it all the time that it needs. Requests can ask for less.
    package var requestTimeout: Duration?
    /// What a connection may cost; body size and number of connections are options of the command line.
    package var httpLimits = HTTPLimits()
    /// Whether each request has a line in the log; nil where the logger's level decides, of which the line is `info`.
    package var accessLog: Bool?
    /// Whether texts and rationales are written into the log.
    package var logsTexts = false
    /// The keys of clients, one a line; nil asks for none.
    package var keyFile: FilePath?
    /// Whether `/metrics` needs a key where there are any.
    package var metricsArePrivate = false
    /// Whether there is a page at `/` and `/ui` for people; without it `/` answers as `/health`.
    package var servesInterface = true
    /// How long requests in flight may take after a signal to stop.
    package var shutdownDeadline = Duration.seconds(30)

    /// The adapter of the repository's `Models`, which `Deploy/serve` and the container serve. It needs its base beside it.
    package static let defaultModel = "grace-smollm2-135m"

    /// The defaults of the command line.
    package init() {}
}

/// The operator's listener.
package struct AdminConfiguration: Sendable, Equatable {
    /// By default only this machine can connect; another address needs a key file.
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 8081
    /// One key a line; nil asks for none.
    package var keyFile: FilePath?

    /// The defaults of the command line.
    package init() {}
}
