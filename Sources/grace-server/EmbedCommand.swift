import ArgumentParser
import BulkEmbedding
import CommandLines

/// The command line of vectors for lines: options only.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embeds the lines of a file or of standard input, without a server.",
        discussion: """
            The input is one text a line, or JSON Lines with "text" and perhaps "id", compressed by gzip or not. The output is \
            JSON Lines, or a NumPy file of float32, [rows, channels], where its name ends with .npy. Vectors are those of \
            POST /embed. Ctrl-C ends it after what is being embedded, and --resume goes on. See docs/commands.md.

            \(BulkSession.exitCodes)
            """,
        helpNames: .shortAndLong)

    @OptionGroup(title: "Input") var input: LineInputOptions
    @OptionGroup(title: "Output") var output: LineOutputOptions

    @Option(help: "jsonl or npy; by default what the output's name says.")
    var format: OutputFormat?

    @Option(help: "How vectors stand in JSON: float, or base64 of float32.")
    var encoding: VectorEncoding = .float

    @OptionGroup(title: "Embedding") var request: LineRequestOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Limits") var batch: BatchOptions

    func validate() throws {
        if isNumPy, output.path == nil {
            throw ValidationError("--format npy needs --output, and a file: how many rows there are is written last")
        }
        if isNumPy, encoding == .base64 { throw ValidationError("--encoding base64 is for --format jsonl") }
    }

    func run() async throws {
        try await BulkSession(input, output, request, model, batch).run(isNumPy ? .numPy : .vector(encoding))
    }

    private var isNumPy: Bool {
        format.map { $0 == .npy } ?? (output.output?.hasSuffix(".npy") ?? false)
    }
}

/// How rows are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case jsonl, npy
}

extension VectorEncoding: ExpressibleByArgument {}
extension TextFormat: ExpressibleByArgument {}
