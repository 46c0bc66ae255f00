import Configuration
import Foundation
import TestSupport
import Testing

/// The program itself, asked for its configuration: it prints that, or what is wrong, and ends.
@Suite("The server's configuration")
struct ServerConfigurationTests {
    /// Beside the tests, with no settings but these.
    private func server(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandOutcome {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: "grace-server")
        let removed = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("GRACE_") }.map { "-u '\($0)'" }
        // The parser's own memory is not free yet where it ends the program with a message.
        let set = environment.map { "'\($0)=\($1)'" } + ["ASAN_OPTIONS=detect_leaks=0"]
        let command = ["env"] + removed + set + ["'\(program.path)'"] + arguments.map { "'\($0)'" }
        return try await run(command.joined(separator: " "))
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
    func roundTrip() async throws {
        let first = try await server(
            ["--print-config", "--model-alias", "a=b", "--no-speculation"], environment: ["GRACE_LOG_FORMAT": "json"])
        try #require(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("\nlog-format: json  # environment variable GRACE_LOG_FORMAT\n"))
        #expect(first.output.contains("\nspeculation: false  # command line\n"))
        let directory = try TemporaryDirectory()
        let path = try directory.write(first.output, to: "printed.yaml")
        let second = try await server(["serve", "--config", path, "--print-config"])
        try #require(second.status == 0, "\(second.errors)")
        func values(_ text: String) -> [String] {
            text.split(separator: "\n").map { String($0.prefix(while: { $0 != "#" })) }
        }
        #expect(values(second.output) == values(first.output))
        #expect(second.output.contains("\nlog-format: json  # \(path):"))
    }

    @Test("The example file sets nothing as it is, has every option, and is read with all of them")
    func exampleFile() async throws {
        let plain = try await server(["--print-config"])
        let same = try await server(["--config", example, "--print-config"])
        try #require(plain.status == 0 && same.status == 0, "\(plain.errors) \(same.errors)")
        #expect(same.output == plain.output)
        let text = try String(contentsOfFile: example, encoding: .utf8)
        #expect(keys(of: plain.output).subtracting(keys(of: text)) == [])
        #expect(keys(of: text).subtracting(keys(of: plain.output)) == [])
        let enabled = text.replacing(#/(?m)^# ?(?=[a-z][a-z-]*:(?: |$))/#, with: "")
            .replacing(#/(?m)^# ?(?= +- )/#, with: "")
        let directory = try TemporaryDirectory()
        let path = try directory.write(enabled, to: "enabled.yaml")
        let all = try await server(["--config", path, "--print-config"])
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
    func refusals(environment: [String: String], message: String) async throws {
        let outcome = try await server(["--print-config"], environment: environment)
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }

    @Test("Help is shown whatever the environment holds")
    func help() async throws {
        let outcome = try await server(["--help"], environment: ["GRACE_NO_SUCH_OPTION": "1"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("GRACE_MAX_BODY_BYTES"))
    }
}
