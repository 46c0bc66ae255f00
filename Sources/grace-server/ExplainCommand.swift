import ArgumentParser
import BulkEmbedding
import CommandLines

/// The command line of rationales for lines: options only.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Writes the rationales behind the vectors of lines, without a server.",
        discussion: """
            As grace-server embed, with what POST /explain answers in the place of vectors. The output is JSON Lines. \
            See docs/commands.md.

            \(BulkSession.exitCodes)
            """,
        helpNames: .shortAndLong)

    @OptionGroup(title: "Input") var input: LineInputOptions
    @OptionGroup(title: "Output") var output: LineOutputOptions

    @Flag(help: "Write the vectors too.")
    var embedding = false

    @Flag(help: "Write how near the vector was to the final one after every 8 tokens of the rationale.")
    var trace = false

    @OptionGroup(title: "Embedding") var request: LineRequestOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Limits") var batch: BatchOptions

    func run() async throws {
        try await BulkSession(input, output, request, model, batch)
            .run(.explanation(withVector: embedding), traces: trace)
    }
}
