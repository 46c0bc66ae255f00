import Foundation
import Glibc

/// What a command of the shell ended with.
package struct CommandOutcome: Sendable {
    /// The exit status; nil where a signal ended it.
    package let status: Int32?
    package let output: String
    package let errors: String
}

/// Runs a command of the shell to its end, on a thread of its own: what it speaks to may need the cooperative pool's.
///
/// Not by Foundation's `Process`, whose children inherit each other's pipes.
package func run(_ command: String) async throws -> CommandOutcome {
    let directory = try TemporaryDirectory()
    let (output, errors) = ("\(directory.path)/output", "\(directory.path)/errors")
    let status = await onThread { system("{ \(command)\n} > '\(output)' 2> '\(errors)' < /dev/null") }
    return CommandOutcome(
        status: status & 0x7f == 0 ? status >> 8 & 0xff : nil,
        output: try text(of: output), errors: try text(of: errors))
}

/// Not by `String(contentsOfFile:)`, which leaks memory where a file is empty.
private func text(of path: String) throws -> String {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { file.closeFile() }
    return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
}
