import Datasets
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Files that are prepared with words for tokens, in a directory of their own.
struct Preparing {
    let directory: TemporaryDirectory
    var plan: PreparationPlan

    /// - Parameter inputs: names and contents.
    init(_ inputs: [(name: String, content: [UInt8])]) throws {
        directory = try TemporaryDirectory()
        var paths: [FilePath] = []
        for (name, content) in inputs { paths.append(FilePath(try directory.write(content, to: name))) }
        plan = PreparationPlan(inputs: paths, output: FilePath("\(directory.path)/prepared"))
        plan.maxPromptTokens = 10
        plan.split.heldOut = .count(0)
    }

    init(_ text: String, name: String = "input.jsonl") throws {
        try self.init([(name, Array(text.utf8))])
    }

    static let prompt = DatasetHeader.Prompt(
        model: "words", modelFilesSHA256: String(repeating: "a", count: 64),
        systemPromptSHA256: String(repeating: "b", count: 64), maxTokens: 10)

    /// Prepares, and opens what was made.
    func run() throws -> (report: PreparationReport, dataset: PreparedDataset) {
        let report = try prepare()
        return (report, try PreparedDataset(path: plan.output))
    }

    @discardableResult
    func prepare() throws -> PreparationReport {
        try DatasetPreparation(plan, prompt: Self.prompt) { text throws(PromptRefusal) in
            if text.contains("UNRENDERABLE") { throw PromptRefusal(reason: "the template refuses it") }
            return text.split(separator: " ").count
        }.run()
    }

    /// What stands in the directory.
    func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }
}

extension PreparedDataset {
    /// All examples of a split.
    func examples(_ split: DatasetSplit) throws -> [TrainingExample] {
        try (0..<count(of: split)).map { try example(at: $0, in: split) }
    }
}

/// A line of JSON Lines.
func triplet(_ query: String, _ positive: String, _ negative: String? = nil) -> String {
    let end = negative.map { #","negative":"\#($0)""# } ?? ""
    return #"{"query":"\#(query)","positive":"\#(positive)"\#(end)}"# + "\n"
}
