import ArgumentParser
import BulkEmbedding
import CommandLines
import EmbeddingServer
import Grace
import SystemPackage

/// Where texts come from.
struct LineInputOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The file to read; - or nothing reads standard input.", valueName: "input"))
    var input: String?

    @Option(
        help: ArgumentHelp(
            "lines or jsonl; by default the file's name and first line say it.", valueName: "format"))
    var inputFormat: TextFormat?

    @Option(help: ArgumentHelp("Longer lines are refused.", valueName: "bytes"))
    var maxLineBytes = 1 << 20

    @Flag(help: "Pass over lines that hold no text that can be embedded, and name them; else the first one ends it.")
    var skipInvalid = false

    func validate() throws {
        try require(maxLineBytes, in: 1...(1 << 26), "--max-line-bytes")
    }

    /// nil reads standard input.
    var path: FilePath? { input.flatMap { $0 == "-" ? nil : FilePath($0) } }

    func plan(_ form: RowForm) -> TextSource.Plan {
        var plan = TextSource.Plan(path: path)
        plan.format = inputFormat
        plan.maxLineBytes = maxLineBytes
        plan.reservedKeys = form.reservedKeys
        return plan
    }
}

/// Where rows go.
struct LineOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file to write; nothing of it may be there. - or nothing writes standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Go on after the last whole row of the output, if it was made from the same texts in the same way.")
    var resume = false

    @Flag(help: "Say nothing of how far it is.")
    var quiet = false

    func validate() throws {
        if resume, path == nil { throw ValidationError("--resume needs --output, and a file") }
    }

    /// nil writes standard output.
    var path: FilePath? { output.flatMap { $0 == "-" ? nil : FilePath($0) } }
}

/// How texts are embedded: the fields of a request.
struct LineRequestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The rationale's longest length; 0 embeds without one. By default what the checkpoint says, or else "
                + "\(ServerConfiguration().requestLimits.defaultMaxRationaleTokens).", valueName: "tokens"))
    var maxRationaleTokens: Int?

    @Option(help: ArgumentHelp("0 is greedy, and the default where the checkpoint says nothing.", valueName: "number"))
    var temperature: Double?

    @Option(help: ArgumentHelp("The probability mass that tokens are drawn from.", valueName: "number"))
    var topP: Double?

    @Option(help: ArgumentHelp("Of all texts; by default each text's own.", valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "End a rationale once 8 tokens of it move the vector by less than this: 1 less the cosine.",
            valueName: "number"))
    var stopWhenStable: Double?

    @Option(help: ArgumentHelp("Keep the first numbers of each vector.", valueName: "number"))
    var dimensions: Int?

    @Flag(inversion: .prefixedNo, help: "Scale vectors to length 1; the default where the checkpoint says nothing.")
    var normalize: Bool?

    @Option(help: "Which end of a text that is too long gives way, right or left, or none: it is then refused.")
    var truncate = TruncationOption.right

    @Option(help: ArgumentHelp("The checkpoint's prompt to put before each text.", valueName: "name"))
    var promptName: String?

    func validate() throws {
        if let maxRationaleTokens {
            try require(maxRationaleTokens, in: 0...Self.mostRationaleTokens, "--max-rationale-tokens")
        }
    }

    var settings: RequestedSettings {
        var settings = RequestedSettings()
        settings.maxRationaleTokens = maxRationaleTokens
        settings.temperature = temperature
        settings.topP = topP
        settings.seed = seed
        settings.stopWhenStable = stopWhenStable
        settings.truncation = truncate.truncation
        settings.dimensions = dimensions
        settings.normalizes = normalize
        return settings
    }

    /// Who starts the command is who pays for it: no more than what a number should be.
    static let mostRationaleTokens = 1_000_000
}

/// What becomes of a text that is too long.
enum TruncationOption: String, ExpressibleByArgument, CaseIterable {
    case right, left, none

    var truncation: Truncation {
        switch self {
        case .right: .right
        case .left: .left
        case .none: .refuse
        }
    }
}
