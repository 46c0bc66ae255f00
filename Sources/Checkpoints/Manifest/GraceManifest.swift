import JSON

/// `grace.json`: what makes a directory a GRACE checkpoint, beside its weights. Its schema is `docs/grace.schema.json`.
///
/// Everything but the version may be left out; a key that is not in the schema is refused.
package struct GraceManifest: Sendable, Equatable {
    /// The file's name in a checkpoint's directory.
    package static let fileName = "grace.json"
    /// The version of the schema that is read.
    package static let version = 1

    /// The system message before every text.
    package let systemPrompt: String?
    /// Generation settings where a request gives none.
    package let generation: GenerationDefaults
    /// Whether vectors are scaled to length 1 where a request does not say.
    package let normalizes: Bool?
    /// Texts that a request can have put before its own, by name.
    package let prompts: [String: String]
    /// The checkpoint that an adapter stands on.
    package let base: BaseReference?
    /// Texts whose vectors are known.
    package let canaries: [CanaryText]
    /// Where the checkpoint comes from, for people: any object.
    package let training: [String: JSONValue]?
    /// The SHA-256 of every file of the checkpoint beside this one, by file name; nil where none are listed.
    package let files: [String: String]?

    /// Generation settings of a checkpoint; what is nil the server decides.
    package struct GenerationDefaults: Sendable, Equatable {
        /// The rationale's longest length, in tokens.
        package let maxRationaleTokens: Int?
        /// 0 is greedy.
        package let temperature: Double?
        /// The probability mass that tokens are drawn from.
        package let topP: Double?

        /// Takes all as they are.
        package init(maxRationaleTokens: Int? = nil, temperature: Double? = nil, topP: Double? = nil) {
            self.maxRationaleTokens = maxRationaleTokens
            self.temperature = temperature
            self.topP = topP
        }
    }

    /// The checkpoint that an adapter was trained on.
    package struct BaseReference: Sendable, Equatable {
        /// Its name in the models directory.
        package let name: String
        /// The digest of its files (``Checkpoint/filesDigest``); nil where any of that name will do.
        package let sha256: String?

        /// Takes both as they are; the digest is 64 lower-case hexadecimal digits.
        package init(name: String, sha256: String?) {
            self.name = name
            self.sha256 = sha256
        }
    }

    /// A text whose vector is known.
    package struct CanaryText: Sendable, Equatable {
        /// The text to embed.
        package let text: String
        /// The rationale's longest length, in tokens; it is greedy.
        package let maxRationaleTokens: Int
        /// The vector, of any length but 0.
        package let embedding: [Double]
        /// How near the vector must come to it.
        package let minimumCosine: Double

        /// Takes all as they are.
        package init(text: String, maxRationaleTokens: Int, embedding: [Double], minimumCosine: Double) {
            self.text = text
            self.maxRationaleTokens = maxRationaleTokens
            self.embedding = embedding
            self.minimumCosine = minimumCosine
        }
    }

    /// Takes all as they are; what is out of range is refused when it is written.
    package init(
        systemPrompt: String? = nil, generation: GenerationDefaults = GenerationDefaults(), normalizes: Bool? = nil,
        prompts: [String: String] = [:], base: BaseReference? = nil, canaries: [CanaryText] = [],
        training: [String: JSONValue]? = nil, files: [String: String]? = nil
    ) {
        self.systemPrompt = systemPrompt
        self.generation = generation
        self.normalizes = normalizes
        self.prompts = prompts
        self.base = base
        self.canaries = canaries
        self.training = training
        self.files = files
    }

    /// Reads the file's contents.
    ///
    /// - Parameter file: its path, for messages.
    /// - Throws: `json`, `wrongType`, `missingKey`, `unknownKey`.
    package init(parsing bytes: [UInt8], file: String) throws(CheckpointError) {
        let document = try JSONDocument(parsing: bytes, file: file)
        try document.requireKeys(among: Key.self)
        let version = try document.integer(Key.version.rawValue)
        guard version == Self.version else {
            throw document.wrongType(Key.version.rawValue, "\(Self.version)", .integer(version))
        }
        systemPrompt = try document.stringIfPresent(Key.systemPrompt.rawValue)
        generation = try GenerationDefaults(document.objectIfPresent(Key.generation.rawValue))
        let pooling = Key.pooling.rawValue
        if let found = try document.stringIfPresent(pooling), found != "mean" {
            throw document.wrongType(pooling, "\"mean\"", .string(found))
        }
        normalizes = try document.boolIfPresent(Key.normalize.rawValue)
        prompts = try Self.texts(document.objectIfPresent(Key.prompts.rawValue))
        base = try document.objectIfPresent(Key.base.rawValue).map { object throws(CheckpointError) in
            try BaseReference(object)
        }
        training = try document.objectIfPresent(Key.training.rawValue)?.members
        files = try document.objectIfPresent(Key.files.rawValue).map { object throws(CheckpointError) in
            try Self.files(object)
        }
        var canaries: [CanaryText] = []
        for object in try document.objectsIfPresent(Key.canaries.rawValue) ?? [] {
            canaries.append(try CanaryText(object))
        }
        self.canaries = canaries
    }

    enum Key: String, CaseIterable {
        case version, generation, pooling, normalize, base, training, files, canaries, prompts
        case systemPrompt = "system_prompt"
    }

    private static func texts(_ object: JSONDocument?) throws(CheckpointError) -> [String: String] {
        var texts: [String: String] = [:]
        for name in object?.members.keys.sorted() ?? [] {
            texts[name] = try object?.string(name)
        }
        return texts
    }

    private static func files(_ object: JSONDocument) throws(CheckpointError) -> [String: String] {
        var files: [String: String] = [:]
        for name in object.members.keys.sorted() {
            files[name] = try object.sha256(name)
        }
        return files
    }
}

extension GraceManifest.GenerationDefaults {
    enum Key: String, CaseIterable {
        case temperature
        case maxRationaleTokens = "max_rationale_tokens"
        case topP = "top_p"
    }

    fileprivate init(_ object: JSONDocument?) throws(CheckpointError) {
        try object?.requireKeys(among: Key.self)
        maxRationaleTokens = try object?.integer(Key.maxRationaleTokens.rawValue, in: 0...1_000_000)
        temperature = try object?.number(Key.temperature.rawValue, in: 0...100)
        topP = try object?.number(Key.topP.rawValue, in: 1e-6...1)
    }
}

extension GraceManifest.BaseReference {
    enum Key: String, CaseIterable {
        case name, sha256
    }

    fileprivate init(_ object: JSONDocument) throws(CheckpointError) {
        try object.requireKeys(among: Key.self)
        name = try object.string(Key.name.rawValue)
        sha256 = object.valueIfPresent(Key.sha256.rawValue) == nil ? nil : try object.sha256(Key.sha256.rawValue)
    }
}

extension GraceManifest.CanaryText {
    enum Key: String, CaseIterable {
        case text, embedding
        case maxRationaleTokens = "max_rationale_tokens"
        case minimumCosine = "minimum_cosine"
    }

    fileprivate init(_ object: JSONDocument) throws(CheckpointError) {
        try object.requireKeys(among: Key.self)
        text = try object.string(Key.text.rawValue)
        guard !text.isEmpty else { throw object.wrongType(Key.text.rawValue, "a text", .string(text)) }
        maxRationaleTokens = try object.integer(Key.maxRationaleTokens.rawValue, in: 0...1_000_000) ?? 0
        minimumCosine = try object.number(Key.minimumCosine.rawValue, in: -1...1) ?? 0.99
        embedding = try object.numbers(Key.embedding.rawValue)
        guard embedding.contains(where: { $0 != 0 }) else {
            throw object.wrongType(
                Key.embedding.rawValue, "a vector that is not 0", object.valueIfPresent(Key.embedding.rawValue))
        }
    }
}
