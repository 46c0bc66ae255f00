import JSON

extension GraceManifest {
    /// `grace.json`, listing the files that are written before it in the same directory.
    ///
    /// - Precondition: the file comes after all those that define the checkpoint, and before any other.
    package var file: FileContents {
        FileContents(name: Self.fileName) { file, digests throws(CheckpointError) in
            var listed: [String: String] = [:]
            for digest in digests { listed[digest.fileName] = digest.sha256.description }
            let manifest = GraceManifest(
                systemPrompt: systemPrompt, generation: generation, normalizes: normalizes, prompts: prompts,
                base: base, canaries: canaries, training: training, files: listed)
            try file.write(manifest.encoded(file: file.name))
        }
    }

    /// The file's contents, in the order of the schema.
    ///
    /// - Parameter file: the path, for messages.
    /// - Throws: what `init(parsing:file:)` would throw of it: a value out of range is not written.
    package func encoded(file: String) throws(CheckpointError) -> [UInt8] {
        var writer = JSONWriter(reserving: 4096)
        writer.object { writer in
            writer.member(Key.version.rawValue, Self.version)
            if let systemPrompt { writer.member(Key.systemPrompt.rawValue, systemPrompt) }
            if generation != GenerationDefaults() { writer.member(Key.generation.rawValue, generation.json) }
            writer.member(Key.pooling.rawValue, "mean")
            if let normalizes { writer.member(Key.normalize.rawValue, normalizes) }
            if !prompts.isEmpty { writer.member(Key.prompts.rawValue, .object(prompts.mapValues(JSONValue.string))) }
            if let base { writer.member(Key.base.rawValue, base.json) }
            if let training { writer.member(Key.training.rawValue, .object(training)) }
            if let files { writer.member(Key.files.rawValue, .object(files.mapValues(JSONValue.string))) }
            if !canaries.isEmpty { writer.member(Key.canaries.rawValue, .array(canaries.map(\.json))) }
        }
        let bytes = writer.indented
        // A number that is none is null in JSON, and reads as if it were left out.
        guard try GraceManifest(parsing: bytes, file: file) == self else {
            throw .wrongType(file: file, key: "the document", expected: "finite numbers", found: "one that is not")
        }
        return bytes
    }
}

extension GraceManifest.GenerationDefaults {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        members[Key.maxRationaleTokens.rawValue] = maxRationaleTokens.map(JSONValue.integer)
        members[Key.temperature.rawValue] = temperature.map(JSONValue.number)
        members[Key.topP.rawValue] = topP.map(JSONValue.number)
        return .object(members)
    }
}

extension GraceManifest.BaseReference {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [Key.name.rawValue: .string(name)]
        members[Key.sha256.rawValue] = sha256.map(JSONValue.string)
        return .object(members)
    }
}

extension GraceManifest.CanaryText {
    fileprivate var json: JSONValue {
        .object([
            Key.text.rawValue: .string(text),
            Key.maxRationaleTokens.rawValue: .integer(maxRationaleTokens),
            Key.embedding.rawValue: .array(embedding.map(JSONValue.number)),
            Key.minimumCosine.rawValue: .number(minimumCosine),
        ])
    }
}
