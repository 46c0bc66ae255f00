import Foundation
import Grace
import Serving
import SystemPackage
import TestSupport
import Testing

@Suite("Model directory")
struct ModelDirectoryTests {
    @Test("A model is found by name, as a file and by path; what is not there is refused with what is")
    func resolution() throws {
        let root = try TemporaryDirectory()
        for directory in ["one", "two", "manifests", ".fetch-x", "adapter"] { _ = try root.makeDirectory(directory) }
        for file in [
            "one/config.json", "two/weights.gguf", "manifests/two.json", ".fetch-x/part.gguf", "three.gguf",
            "adapter/adapter_config.json", "README.md",
        ] {
            try root.write("x", to: file)
        }
        let directory = ModelDirectory(path: FilePath(root.path))
        for (name, path) in [
            ("one", "one"), ("three", "three.gguf"), ("three.gguf", "three.gguf"), ("two", "two"),
            ("adapter", "adapter"),
        ] {
            let location = try directory.locate(name)
            #expect(location.path == FilePath("\(root.path)/\(path)"))
            #expect(location.name == (name == "three.gguf" ? "three" : name))
            #expect(location.isInDirectory)
        }
        #expect(directory.checkpoints().map(\.name) == ["adapter", "one", "three", "two"])
        for (path, name) in [("\(root.path)/two", "two"), ("\(root.path)/three.gguf", "three"), ("a/b", "b")] {
            let location = try directory.locate(path)
            #expect(location.path == FilePath(path))
            #expect(location.name == name)
            #expect(!location.isInDirectory)
        }
        #expect(
            throws: GraceError.unknownModel(
                name: "four", directory: root.path, available: ["adapter", "one", "three", "two"])
        ) { try directory.locate("four") }
        #expect(ModelDirectory(path: "/nonexistent").checkpoints().isEmpty)
    }

    @Test("A symbolic link that leads out of the directory is refused, one inside it is not")
    func links() throws {
        let elsewhere = try TemporaryDirectory()
        let root = try TemporaryDirectory()
        let secret = try elsewhere.write("x", to: "secret")
        for directory in ["inside", "file", "target"] { _ = try root.makeDirectory(directory) }
        try root.write("x", to: "target/config.json")
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: "\(root.path)/inside/config.json", withDestinationPath: "../target/config.json")
        try files.createSymbolicLink(atPath: "\(root.path)/file/config.json", withDestinationPath: secret)
        try files.createSymbolicLink(atPath: "\(root.path)/whole", withDestinationPath: elsewhere.path)
        let directory = ModelDirectory(path: FilePath(root.path))
        for (name, path) in [("file", "file/config.json"), ("whole", "whole")] {
            let location = try directory.locate(name)
            #expect {
                _ = try directory.open(location, settings: GraceSettings())
            } throws: { error in
                guard case .linkOutside(let found, _, root.path) = error as? GraceError else { return false }
                return found == "\(root.path)/\(path)"
            }
        }
        // A path that the operator gives may lead anywhere: what is wrong here are the files.
        for nameOrPath in ["inside", "\(root.path)/file"] {
            let location = try directory.locate(nameOrPath)
            #expect {
                _ = try directory.open(location, settings: GraceSettings())
            } throws: { error in
                if case .checkpoint = error as? GraceError { true } else { false }
            }
        }
    }
}
