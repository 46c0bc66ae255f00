import ArgumentParser
import CommandLines
import Foundation
import HTTP

/// Asks a running server whether it can answer: for the health checks of containers, whose images hold no other client.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Asks a running server's /health; exits with 0 if it is ready to answer.",
        discussion: """
            Without TLS: of a listener with TLS it is told nothing. Exits with 1 where nobody listens, or the model is loading, \
            or the server stops; one line on standard error says which.
            """,
        helpNames: .shortAndLong)

    @Option(help: "The address or host name that the server listens on.")
    var host = "127.0.0.1"

    @Option(help: "The port.")
    var port = 8080

    func validate() throws {
        try require(port, in: 1...65535, "--port")
    }

    func run() throws {
        let answer: HTTPClient.Answer
        do throws(HTTPClientError) {
            answer = try HTTPClient(host: host, port: port).send(.get, "/health")
        } catch {
            throw failure("\(error)")
        }
        guard answer.status == 200 else {
            throw failure("\(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    /// Writes what went wrong; to be thrown.
    private func failure(_ line: String) -> ExitCode {
        FileHandle.standardError.write(Data("grace-server: \(line)\n".utf8))
        return .failure
    }
}
