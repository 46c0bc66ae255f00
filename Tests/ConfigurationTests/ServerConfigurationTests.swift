import Configuration
import Foundation
import TestSupport
import Testing

/// The program itself, asked for its configuration: it prints that, or what is wrong, and ends.
@Suite("The server's configuration")
struct ServerConfigurationTests {
    private struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        // Built beside the tests.
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "grace-server")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GRACE_") }
            .merging(environment) { _, new in new }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What is printed fits into a pipe, the errors into another.
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }

    private var example: String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Deploy/grace-server.yaml")
            .standardized
            .path
    }

    /// Keys of lines that set something, or would without their comment mark.
    private func keys(of text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line in
                line.firstMatch(of: #/^(?:# ?)?([a-z][a-z-]*):(?: |$)/#).map { String($0.1) }
            })
    }

    @Test("What is printed is a file that gives the same again")
    func roundTrip() throws {
        let first = try run(
            ["--print-config", "--model-alias", "a=b", "--no-speculation"], environment: ["GRACE_LOG_FORMAT": "json"])
        try #require(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("\nlog-format: json  # environment variable GRACE_LOG_FORMAT\n"))
        #expect(first.output.contains("\nspeculation: false  # command line\n"))
        let directory = try TemporaryDirectory()
        let path = try directory.write(first.output, to: "printed.yaml")
        let second = try run(["serve", "--config", path, "--print-config"])
        try #require(second.status == 0, "\(second.errors)")
        func values(_ text: String) -> [String] {
            text.split(separator: "\n").map { String($0.prefix(while: { $0 != "#" })) }
        }
        #expect(values(second.output) == values(first.output))
        #expect(second.output.contains("\nlog-format: json  # \(path):"))
    }

    @Test("The example file sets nothing as it is, has every option, and is read with all of them")
    func exampleFile() throws {
        let plain = try run(["--print-config"])
        let same = try run(["--config", example, "--print-config"])
        try #require(plain.status == 0 && same.status == 0, "\(plain.errors) \(same.errors)")
        #expect(same.output == plain.output)
        let text = try String(contentsOfFile: example, encoding: .utf8)
        #expect(keys(of: plain.output).subtracting(keys(of: text)) == [])
        #expect(keys(of: text).subtracting(keys(of: plain.output)) == [])
        let enabled = text.replacing(#/(?m)^# ?(?=[a-z][a-z-]*:(?: |$))/#, with: "")
            .replacing(#/(?m)^# ?(?= +- )/#, with: "")
        let directory = try TemporaryDirectory()
        let path = try directory.write(enabled, to: "enabled.yaml")
        let all = try run(["--config", path, "--print-config"])
        try #require(all.status == 0, "\(all.errors)")
        #expect(!all.output.contains("# default"))
    }

    @Test(
        "A value that is refused names where it comes from, and the exit code says that an option is wrong",
        arguments: [
            (["GRACE_PORT": "http"], "--port is from environment variable GRACE_PORT"),
            (["GRACE_MAX_CONNECTIONS": "0"], "--max-connections is from environment variable GRACE_MAX_CONNECTIONS"),
            (["GRACE_NO_SUCH_OPTION": "1"], "unknown environment variable GRACE_NO_SUCH_OPTION"),
            (["GRACE_CONFIG": "/nonexistent/f.yaml"], "/nonexistent/f.yaml: cannot read the configuration"),
        ] as [([String: String], String)])
    func refusals(environment: [String: String], message: String) throws {
        let outcome = try run(["--print-config"], environment: environment)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test("Help is shown whatever the environment holds")
    func help() throws {
        let outcome = try run(["--help"], environment: ["GRACE_NO_SUCH_OPTION": "1"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("GRACE_MAX_BODY_BYTES"))
    }
}
