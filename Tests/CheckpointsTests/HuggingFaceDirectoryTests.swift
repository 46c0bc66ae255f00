import Checkpoints
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Hugging Face directories")
struct HuggingFaceDirectoryTests {
    private let directory: TemporaryDirectory
    private var path: FilePath { FilePath(directory.path) }

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(#"{"model_type":"llama","hidden_size":2}"#, to: "config.json")
        try directory.write(#"{"model":{}}"#, to: "tokenizer.json")
        var weights = SafetensorsBuilder()
        weights.addTensor("w", shape: [2], [1, 2])
        try directory.write(weights.build(), to: "model.safetensors")
    }

    private func message(_ body: () throws -> Void) -> String? {
        #expect(throws: CheckpointError.self, performing: body)?.description
            .replacing("\(directory.path)/", with: "")
    }

    private func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(directory.path)/\(name)")
    }

    @Test("The needed files alone are enough")
    func neededFiles() throws {
        let model = try HuggingFaceDirectory(path: path)
        #expect(try model.config.integer("hidden_size") == 2)
        #expect(model.generationConfig == nil)
        #expect(model.tokenizerConfig == nil)
        #expect(model.chatTemplate == nil)
        #expect(model.tokenizerJSON == [UInt8](#"{"model":{}}"#.utf8))
        #expect(try model.tensors.description(of: "w").shape == [2])
    }

    @Test("The files that may be there are read")
    func optionalFiles() throws {
        try directory.write(#"{"eos_token_id":[1,2]}"#, to: "generation_config.json")
        try directory.write(#"{"bos_token":"<s>"}"#, to: "tokenizer_config.json")
        let model = try HuggingFaceDirectory(path: path)
        #expect(try model.generationConfig?.integers("eos_token_id") == [1, 2])
        #expect(try model.tokenizerConfig?.string("bos_token") == "<s>")
        #expect(model.chatTemplate == nil)
    }

    @Test(
        "The chat template of tokenizer_config.json is a string, or the one named default",
        arguments: [
            (#""{{ a }}""#, "{{ a }}"), ("null", nil),
            (#"[{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]"#, "D"),
        ] as [(String, String?)])
    func templateInTokenizerConfig(written: String, read: String?) throws {
        try directory.write("{\"chat_template\":\(written)}", to: "tokenizer_config.json")
        #expect(try HuggingFaceDirectory(path: path).chatTemplate == read)
    }

    @Test("chat_template.jinja wins over tokenizer_config.json")
    func templateFile() throws {
        try directory.write(#"{"chat_template":"old"}"#, to: "tokenizer_config.json")
        try directory.write("new\n", to: "chat_template.jinja")
        #expect(try HuggingFaceDirectory(path: path).chatTemplate == "new\n")
    }

    @Test(
        "A chat template of another kind is refused",
        arguments: [
            ("1", "tokenizer_config.json: chat_template: expected a string, found 1"),
            (
                #"[{"name":"tool_use","template":"T"}]"#,
                "tokenizer_config.json: key chat_template[name=default] is missing"
            ),
            (
                #"[{"name":"default"}]"#,
                "tokenizer_config.json: chat_template: expected objects with a name and a template, found an object of 1"
            ),
        ])
    func refusedTemplates(written: String, message: String) throws {
        try directory.write("{\"chat_template\":\(written)}", to: "tokenizer_config.json")
        #expect(self.message { _ = try HuggingFaceDirectory(path: path) } == message)
    }

    @Test("A template that is not UTF-8 is refused")
    func templateBytes() throws {
        try directory.write([0xFF], to: "chat_template.jinja")
        #expect(
            message { _ = try HuggingFaceDirectory(path: path) }
                == "chat_template.jinja: the template is not valid UTF-8")
    }

    @Test("A needed file that is missing is named", arguments: ["config.json", "tokenizer.json", "model.safetensors"])
    func missingFiles(name: String) throws {
        try remove(name)
        #expect(
            message { _ = try HuggingFaceDirectory(path: path) } == "\(name): cannot open: No such file or directory")
    }

    @Test("A broken file is named", arguments: ["config.json", "generation_config.json", "tokenizer_config.json"])
    func brokenFiles(name: String) throws {
        try directory.write("{", to: name)
        #expect(
            message { _ = try HuggingFaceDirectory(path: path) } == "\(name): invalid JSON at byte 1: expected a key")
    }

    @Test("A small file that is not small is refused before it is read")
    func largeDocument() throws {
        let path = "\(directory.path)/tokenizer.json"
        #expect(truncate(path, 1 << 40) == 0)
        #expect(
            message { _ = try HuggingFaceDirectory(path: self.path) }
                == "tokenizer.json: the file has 1099511627776 bytes, the limit is 134217728")
    }
}
