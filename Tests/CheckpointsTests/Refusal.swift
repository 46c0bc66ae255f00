import Checkpoints
import SystemPackage
import TestSupport
import Testing

/// A file that must be refused, and the message that says why, with `FILE` for its path.
struct Refusal: Sendable, CustomTestStringConvertible {
    let title: String
    let bytes: [UInt8]
    let message: String

    init(_ title: String, _ bytes: [UInt8], _ message: String) {
        self.title = title
        self.bytes = bytes
        self.message = message
    }

    var testDescription: String { title }

    /// Writes the file and checks that opening it fails with the message.
    func check(extension: String, opening: (FilePath) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(bytes, to: "file.\(`extension`)")
        let error = #expect(throws: CheckpointError.self) { try opening(FilePath(path)) }
        #expect(error?.description == message.replacing("FILE", with: path))
    }
}
