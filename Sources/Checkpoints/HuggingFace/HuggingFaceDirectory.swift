import JSON
import SystemPackage

/// A model in a directory of the layout that Hugging Face `transformers` saves.
package struct HuggingFaceDirectory: Sendable {
    /// The directory, as the caller gave it.
    package let path: FilePath
    /// `config.json`.
    package let config: JSONDocument
    /// `generation_config.json`, if there is one.
    package let generationConfig: JSONDocument?
    /// `tokenizer_config.json`, if there is one.
    package let tokenizerConfig: JSONDocument?
    /// The contents of `tokenizer.json`.
    package let tokenizerJSON: [UInt8]
    /// The source of the chat template, if there is one.
    package let chatTemplate: String?
    /// `model.safetensors`.
    package let tensors: TensorFile
    /// The digests of the files above but for the tensors: of the very bytes that were read.
    let documentDigests: [FileDigest]

    /// Reads the small files and maps the large one.
    ///
    /// - Throws: what is wrong with the first file that is; `sharded` if the weights are split over several files.
    package init(path: FilePath) throws(CheckpointError) {
        var reader = DocumentReader(directory: path)
        config = try reader.requiredDocument("config.json")
        generationConfig = try reader.document("generation_config.json")
        tokenizerConfig = try reader.document("tokenizer_config.json")
        tokenizerJSON = try reader.requiredBytes("tokenizer.json")
        chatTemplate = try reader.chatTemplate(tokenizerConfig: tokenizerConfig)
        documentDigests = reader.digests
        self.path = path

        let weights = path.appending("model.safetensors")
        let index = path.appending("model.safetensors.index.json")
        if try FileKind(path: weights) == nil, try FileKind(path: index) != nil {
            throw .sharded(file: index.string)
        }
        tensors = try SafetensorsFile(path: weights).tensors
    }
}

/// Reads the small files of a directory and keeps the digest of each.
private struct DocumentReader {
    let directory: FilePath
    private(set) var digests: [FileDigest] = []

    init(directory: FilePath) {
        self.directory = directory
    }

    mutating func requiredBytes(_ fileName: String) throws(CheckpointError) -> [UInt8] {
        let bytes = try MappedFile(path: directory.appending(fileName)).bytes()
        digests.append(FileDigest(fileName: fileName, sha256: try SHA256Digest(of: bytes)))
        return bytes
    }

    mutating func requiredDocument(_ fileName: String) throws(CheckpointError) -> JSONDocument {
        try JSONDocument(parsing: try requiredBytes(fileName), file: directory.appending(fileName).string)
    }

    mutating func document(_ fileName: String) throws(CheckpointError) -> JSONDocument? {
        try exists(fileName) ? try requiredDocument(fileName) : nil
    }

    private func exists(_ fileName: String) throws(CheckpointError) -> Bool {
        try FileKind(path: directory.appending(fileName)) != nil
    }

    /// `chat_template.jinja`, which newer releases write, before `chat_template` in `tokenizer_config.json`.
    mutating func chatTemplate(tokenizerConfig: JSONDocument?) throws(CheckpointError) -> String? {
        let fileName = "chat_template.jinja"
        guard try exists(fileName) else { return try tokenizerConfig?.chatTemplate() }
        guard let template = String(validating: try requiredBytes(fileName), as: UTF8.self) else {
            throw .invalidUTF8(file: directory.appending(fileName).string, place: "the template")
        }
        return template
    }
}

extension JSONDocument {
    /// The member `chat_template`: a template, or a list of objects with `name` and `template`, of which the one named
    /// `default` counts.
    fileprivate func chatTemplate() throws(CheckpointError) -> String? {
        let key = "chat_template"
        guard let value = valueIfPresent(key) else { return nil }
        guard case .array(let templates) = value else { return try stringIfPresent(key) }
        for template in templates {
            guard case .object(let members) = template, case .string(let name) = members["name"],
                case .string(let source) = members["template"]
            else { throw wrongType(key, "objects with a name and a template", template) }
            if name == "default" { return source }
        }
        throw .missingKey(file: file, key: "\(key)[name=default]")
    }
}
