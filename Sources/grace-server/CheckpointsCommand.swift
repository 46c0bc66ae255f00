import ArgumentParser
import CommandLines
import EmbeddingServer
import Foundation
import Grace
import HTTP
import JSON
import Serving
import SystemPackage
import Transformer

/// The operator's commands: all but `verify` speak to a running server's admin listener.
struct CheckpointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints",
        abstract: "Lists, verifies, loads and switches the checkpoints of a running server.",
        subcommands: [
            ListCommand.self, VerifyCommand.self, LoadCommand.self, ActivateCommand.self, UnloadCommand.self,
            RollbackCommand.self,
        ],
        helpNames: .shortAndLong)
}

/// Where the admin listener is.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's admin listener.", valueName: "host:port"))
    var admin = AdminAddress.default

    @Option(help: ArgumentHelp("A key file, of which the first key is shown.", valueName: "file"))
    var adminKeyFile: String?

    /// Sends a command and prints what the server says of its checkpoints.
    func run(_ method: HTTPMethod, _ target: String, _ body: [UInt8] = []) throws {
        guard case .at(let host, let port) = admin else { throw ValidationError("--admin off has nobody to speak to") }
        var headers: HTTPFields = ["Content-Type": "application/json"]
        if let adminKeyFile {
            do throws(KeyFile.Failure) {
                headers["Authorization"] = try KeyFile(path: FilePath(adminKeyFile)).authorization
            } catch {
                throw standardError("\(error)")
            }
        }
        let answer: HTTPClient.Answer
        let table: CheckpointsTable
        do throws(HTTPClientError) {
            answer = try HTTPClient(host: host, port: port).send(method, target, headers: headers, body: body)
        } catch {
            throw standardError("\(error)")
        }
        do throws(JSONError) {
            table = CheckpointsTable(try JSONValue(parsing: answer.body))
        } catch {
            throw standardError("the answer is not JSON: \(error)")
        }
        guard answer.status == 200 || answer.status == 202 else {
            throw standardError(table.error ?? "the server answered \(answer.status)")
        }
        print(table.text)
    }

    /// Sends `{"checkpoint": name}` and waits until it is done.
    func run(_ command: String, checkpoint: String?) throws {
        let body = try JSONEncoder().encode(checkpoint.map { ["checkpoint": $0] } ?? [:])
        try run(.post, "/admin/checkpoints/\(command)?wait=true", Array(body))
    }
}

/// Writes what went wrong; to be thrown.
private func standardError(_ line: String) -> ExitCode {
    FileHandle.standardError.write(Data("grace-server: \(line)\n".utf8))
    return .failure
}

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the checkpoints and what they are doing.")

    @OptionGroup var admin: AdminOptions

    func run() throws {
        try admin.run(.get, "/admin/checkpoints")
    }
}

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Loads and tries a checkpoint, which then answers requests that name it.")

    @OptionGroup var admin: AdminOptions
    @Argument(help: "Its name.") var checkpoint: String

    func run() throws {
        try admin.run("load", checkpoint: checkpoint)
    }
}

struct ActivateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate",
        abstract: "Makes a checkpoint answer the requests that name none; loads it first if need be.")

    @OptionGroup var admin: AdminOptions
    @Argument(help: "Its name.") var checkpoint: String

    func run() throws {
        try admin.run("activate", checkpoint: checkpoint)
    }
}

struct UnloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unload", abstract: "Gives a checkpoint's memory back, once its last request is answered.")

    @OptionGroup var admin: AdminOptions
    @Argument(help: "Its name.") var checkpoint: String

    func run() throws {
        try admin.run("unload", checkpoint: checkpoint)
    }
}

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Makes the checkpoint active again that was so before.")

    @OptionGroup var admin: AdminOptions

    func run() throws {
        try admin.run("rollback", checkpoint: nil)
    }
}

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads a checkpoint as a server would, and prints its fingerprint.",
        discussion: """
            No server is needed. Everything is read: the digests of grace.json, every tensor, the tokenizer and the \
            template.
            """)

    @Option(help: ArgumentHelp("The directory of checkpoints.", valueName: "directory"))
    var models = "Models"

    @Option(help: ArgumentHelp("The number format that the weights are read in.", valueName: "format"))
    var precision: Precision?

    @Argument(help: "Its name in that directory, or its path.") var checkpoint: String

    func run() throws {
        let directory = ModelDirectory(path: FilePath(models))
        do throws(GraceError) {
            let location = try directory.locate(checkpoint)
            let files = try directory.open(location, settings: GraceSettings())
            let model = try LoadedModel(files, precision: precision)
            print("checkpoint   \(model.identity)")
            print("fingerprint  \(model.identity.fingerprint)")
            print("model files  \(files.baseDigest)")
            if let base = model.baseName { print("base         \(base)") }
            print("architecture \(model.architecture), \(model.dimensions) dimensions, context \(model.contextLength)")
            print("precision    \(model.precision.rawValue)")
        } catch {
            throw standardError("\(error)")
        }
    }
}
