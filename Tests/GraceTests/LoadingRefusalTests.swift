import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing

@Suite("What cannot be loaded")
struct LoadingRefusalTests {
    /// tiny-qwen2 with one of its files changed.
    private func refusal(of file: String, _ change: (inout [String: Any]) throws -> Void) throws -> String {
        let directory = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(directory.path)/changed")
        let url = URL(fileURLWithPath: "\(directory.path)/changed/\(file)")
        var object = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        try change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: url)
        do throws(GraceError) {
            _ = try LoadedModel(path: FilePath("\(directory.path)/changed"))
            return "nothing"
        } catch {
            return "\(error)".replacingOccurrences(of: directory.path, with: "DIRECTORY")
        }
    }

    @Test("A pre-tokenizer that is not supported is named, with the checkpoint and what is")
    func preTokenizer() throws {
        let found = try refusal(of: "tokenizer.json") { $0["pre_tokenizer"] = ["type": "Metaspace"] }
        #expect(found.hasPrefix("changed: tokenizer: pre_tokenizer"))
        #expect(found.contains("\"Metaspace\"") && found.contains("supported: "))
    }

    @Test("A tokenizer with more tokens than the model embeds is refused with both numbers")
    func vocabulary() throws {
        let found = try refusal(of: "tokenizer.json") { object in
            var added = try #require(object["added_tokens"] as? [[String: Any]])
            var token = try #require(added.first)
            token["id"] = 5000
            token["content"] = "<|beyond|>"
            added.append(token)
            object["added_tokens"] = added
        }
        #expect(found.hasPrefix("changed: "))
        #expect(found.contains("5001") || found.contains("5000"), "\(found)")
    }

    @Test("A template beyond the subset is refused with the checkpoint and the line")
    func template() throws {
        let found = try refusal(of: "tokenizer_config.json") { object in
            object["chat_template"] = "{% macro x() %}{% endmacro %}"
        }
        // The file of its own comes before the template in the configuration.
        #expect(found == "nothing")
        let directory = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(directory.path)/changed")
        try directory.write("a\n{% macro x() %}{% endmacro %}", to: "changed/chat_template.jinja")
        #expect {
            _ = try LoadedModel(path: FilePath("\(directory.path)/changed"))
        } throws: { error in
            "\(error)".hasPrefix("changed: chat template: line 2: the statement 'macro' is not supported")
        }
    }
}
