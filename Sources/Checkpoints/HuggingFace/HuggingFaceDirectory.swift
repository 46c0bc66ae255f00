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
    /// The tensors of `model.safetensors`, or of the files that `model.safetensors.index.json` lists.
    package let tensors: TensorSet
    /// The files above but for those of the tensors.
    let documents: [RegularFile]
    /// Their digests: of the very bytes that were read.
    let documentDigests: [FileDigest]

    /// Reads the small files and opens the large ones.
    ///
    /// - Throws: what is wrong with the first file that is.
    package init(path: FilePath) throws(CheckpointError) {
        var reader = DocumentReader(directory: path)
        config = try reader.requiredDocument("config.json")
        generationConfig = try reader.document("generation_config.json")
        tokenizerConfig = try reader.document("tokenizer_config.json")
        tokenizerJSON = try reader.requiredBytes("tokenizer.json")
        chatTemplate = try reader.chatTemplate(tokenizerConfig: tokenizerConfig)
        // Where both are there, transformers reads the one file.
        let weights = path.appending("model.safetensors")
        if try FileKind(path: weights) == nil, let index = try reader.document(SafetensorsIndex.fileName) {
            tensors = try SafetensorsIndex(index).tensors(in: path)
        } else {
            tensors = TensorSet(try SafetensorsFile(path: weights).tensors)
        }
        documents = reader.files
        documentDigests = reader.digests
        self.path = path
    }
}

/// Reads the small files of a directory and keeps the digest of each.
private struct DocumentReader {
    /// Many times the largest `tokenizer.json`; the others are smaller.
    private static let sizeLimit = 1 << 27

    let directory: FilePath
    private(set) var files: [RegularFile] = []
    private(set) var digests: [FileDigest] = []

    init(directory: FilePath) {
        self.directory = directory
    }

    mutating func requiredBytes(_ fileName: String) throws(CheckpointError) -> [UInt8] {
        let file = try RegularFile(path: directory.appending(fileName))
        guard file.byteCount <= Self.sizeLimit else {
            throw .fileTooLarge(path: file.name, found: file.byteCount, limit: Self.sizeLimit)
        }
        let bytes = try file.bytes()
        files.append(file)
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
