import ArgumentParser
import CommandLines
import EmbeddingServer
import Engine
import Grace
import HTTP
import Serving
import SystemPackage
import Transformer

// Defaults are those of `ServerConfiguration`, said once.
private let defaults = ServerConfiguration()

struct ListeningOptions: ParsableArguments {
    @Option(help: "The address or host name to listen on.")
    var host = defaults.host

    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = defaults.port

    @Option(
        help: ArgumentHelp(
            "A Unix socket to listen on too, for the owner of the process and his group; not encrypted.",
            valueName: "path"))
    var unixSocket: String?

    @Flag(
        inversion: .prefixedNo,
        help: "A page at / and /ui that shows why two texts are close; it loads nothing from elsewhere.")
    var ui = true

    @Option(help: ArgumentHelp("The most connections at once.", valueName: "number"))
    var maxConnections = defaults.httpLimits.maxConnections

    @Option(
        help: ArgumentHelp(
            "The most connections of one address; a proxy's count as one address's.", valueName: "number"))
    var maxConnectionsPerPeer = defaults.httpLimits.maxConnectionsPerPeer

    @Option(
        help: ArgumentHelp(
            "How long requests in flight may take after SIGTERM or Ctrl-C, in seconds.", valueName: "seconds"))
    var shutdownSeconds = 30

    func validate() throws {
        try require(port, in: 0...65535, "--port")
        try require(maxConnections, in: 1...1_000_000, "--max-connections")
        try require(maxConnectionsPerPeer, in: 1...1_000_000, "--max-connections-per-peer")
        try require(shutdownSeconds, in: 0...86_400, "--shutdown-seconds")
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.host = host
        configuration.port = port
        configuration.unixSocket = unixSocket
        configuration.servesInterface = ui
        configuration.httpLimits.maxConnections = maxConnections
        configuration.httpLimits.maxConnectionsPerPeer = maxConnectionsPerPeer
        configuration.shutdownDeadline = .seconds(shutdownSeconds)
    }
}

/// What requests may cost before they are answered.
struct RequestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The largest request body, in bytes.", valueName: "bytes"))
    var maxBodyBytes = defaults.httpLimits.maxBodySize

    @Option(
        help: ArgumentHelp(
            "What requests and responses of all connections may come to; bodies over it are refused with 503.",
            valueName: "size"))
    var maxBufferedBytes = ByteCount(defaults.httpLimits.maxBufferedSize)

    @Option(help: ArgumentHelp("The most requests of one connection.", valueName: "number"))
    var maxRequestsPerConnection = defaults.httpLimits.maxRequestsPerConnection

    @Option(help: ArgumentHelp("How long a connection may wait between requests.", valueName: "seconds"))
    var idleSeconds = 60

    @Option(help: ArgumentHelp("How long the head of a request may take.", valueName: "seconds"))
    var headSeconds = 10

    @Option(help: ArgumentHelp("How long a body, or a client's reading, may pause.", valueName: "seconds"))
    var stallSeconds = 30

    @Option(
        help: ArgumentHelp(
            "The bytes a second that bodies must come at, and answers must be read at, after 20 and 30 seconds; 0 for none.",
            valueName: "number"))
    var minRate = defaults.httpLimits.minBodyRate

    @Option(
        help: ArgumentHelp(
            "How long a request may take to be answered, else 504; 0 gives it all the time. A request can ask for less with "
                + "x-request-timeout.", valueName: "seconds"))
    var requestSeconds = 0

    func validate() throws {
        try require(maxBodyBytes, in: 1...(1 << 30), "--max-body-bytes")
        try require(maxBufferedBytes.value, in: maxBodyBytes...(1 << 40), "--max-buffered-bytes")
        try require(maxRequestsPerConnection, in: 1...1_000_000_000, "--max-requests-per-connection")
        try require(idleSeconds, in: 1...86_400, "--idle-seconds")
        try require(headSeconds, in: 1...86_400, "--head-seconds")
        try require(stallSeconds, in: 1...86_400, "--stall-seconds")
        try require(minRate, in: 0...1_000_000_000, "--min-rate")
        try require(requestSeconds, in: 0...86_400, "--request-seconds")
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.httpLimits.maxBodySize = maxBodyBytes
        configuration.httpLimits.maxBufferedSize = maxBufferedBytes.value
        configuration.httpLimits.maxRequestsPerConnection = maxRequestsPerConnection
        configuration.httpLimits.idleTimeout = .seconds(idleSeconds)
        configuration.httpLimits.headTimeout = .seconds(headSeconds)
        configuration.httpLimits.bodyTimeout = .seconds(stallSeconds)
        configuration.httpLimits.writeTimeout = .seconds(stallSeconds)
        configuration.httpLimits.minBodyRate = minRate
        configuration.httpLimits.minWriteRate = minRate
        configuration.requestTimeout = requestSeconds > 0 ? .seconds(requestSeconds) : nil
    }
}

struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory of checkpoints.", valueName: "directory"))
    var models = defaults.models.path.string

    @Option(
        help: ArgumentHelp(
            "A checkpoint's name in that directory, or the path of a GGUF file or a checkpoint's directory.",
            valueName: "name-or-path"))
    var model = defaults.model

    @Option(
        help: ArgumentHelp(
            "The number format of the weights: float32, bfloat16, int8 or int4; by default what suits the checkpoint.",
            valueName: "format"))
    var precision: Precision?

    @Option(help: ArgumentHelp("Threads that compute; by default one for each physical core.", valueName: "number"))
    var threads = defaults.threads

    @Flag(
        inversion: .prefixedNo,
        help: "Guess the next tokens of a rationale and run them ahead: faster, with the same result.")
    var speculation = true

    @Option(
        help: ArgumentHelp(
            "The system message before every text, where the checkpoint has none of its own; part of the fingerprint.",
            valueName: "text"))
    var systemPrompt = defaults.settings.systemPrompt

    func validate() throws {
        try require(threads, in: 1...1024, "--threads")
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.models = ModelDirectory(path: FilePath(models))
        configuration.model = model
        configuration.precision = precision
        configuration.threads = threads
        configuration.speculation = speculation ? Speculation() : nil
        configuration.settings = GraceSettings(systemPrompt: systemPrompt)
    }
}

struct LimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The rationale's length in tokens where a request does not say; 0 embeds without one.", valueName: "tokens")
    )
    var maxRationaleTokens = defaults.requestLimits.defaultMaxRationaleTokens

    @Option(help: ArgumentHelp("The longest rationale, in tokens, that a request may ask for.", valueName: "tokens"))
    var rationaleTokensLimit = defaults.requestLimits.maxRationaleTokens

    @Option(help: ArgumentHelp("The most texts of one request.", valueName: "number"))
    var maxClientBatchSize = defaults.requestLimits.maxClientBatchSize

    @Option(
        help: ArgumentHelp(
            "The most texts in the server, computed or waiting; what is over is refused with 429.", valueName: "number")
    )
    var maxConcurrentRequests = defaults.batchLimits.maxRequests

    @OptionGroup var batch: BatchOptions

    func validate() throws {
        try require(rationaleTokensLimit, in: 0...1_000_000, "--rationale-tokens-limit")
        try require(maxRationaleTokens, in: 0...rationaleTokensLimit, "--max-rationale-tokens")
        try require(maxConcurrentRequests, in: 1...1_000_000, "--max-concurrent-requests")
        try require(maxClientBatchSize, in: 1...maxConcurrentRequests, "--max-client-batch-size")
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.requestLimits.defaultMaxRationaleTokens = maxRationaleTokens
        configuration.requestLimits.maxRationaleTokens = rationaleTokensLimit
        configuration.requestLimits.maxClientBatchSize = maxClientBatchSize
        configuration.batchLimits.maxRequests = maxConcurrentRequests
        batch.apply(to: &configuration)
    }
}

/// What texts may take, whoever sends them.
struct BatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The longest prompt, in tokens: longer texts are cut, or refused where that is asked for.",
            valueName: "tokens"))
    var maxInputTokens = defaults.maxInputTokens

    @Option(help: ArgumentHelp("The most texts computed at once.", valueName: "number"))
    var maxBatchRequests = defaults.batchLimits.maxLiveRequests

    @Option(
        help: ArgumentHelp(
            "The most tokens, prompts and rationales, that those texts may come to: the cache's size.",
            valueName: "tokens"))
    var maxBatchTokens = defaults.batchLimits.maxBatchTokens

    @Option(
        help: ArgumentHelp(
            "The most results kept for texts that come again; 0 computes every text anew.", valueName: "number"))
    var cacheEntries = defaults.cacheEntries

    func validate() throws {
        try require(cacheEntries, in: 0...10_000_000, "--cache-entries")
        try require(maxInputTokens, in: 1...1_000_000, "--max-input-tokens")
        try require(maxBatchRequests, in: 1...defaults.batchLimits.maxStepTokens, "--max-batch-requests")
        try require(maxBatchTokens, in: 1...(1 << 32), "--max-batch-tokens")
    }

    func apply(to configuration: inout ServerConfiguration) {
        configuration.maxInputTokens = maxInputTokens
        configuration.batchLimits.maxLiveRequests = maxBatchRequests
        configuration.batchLimits.maxBatchTokens = maxBatchTokens
        configuration.cacheEntries = cacheEntries
    }
}
