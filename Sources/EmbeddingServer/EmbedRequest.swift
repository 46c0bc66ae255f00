import Grace

/// The body of `/embed` and `/explain`: text-embeddings-inference's fields and ours. Unknown fields are ignored, as
/// text-embeddings-inference does.
struct EmbedRequest: Decodable {
    enum Inputs: Equatable {
        case one(String)
        case many([String])

        var texts: [String] {
            switch self {
            case .one(let text): [text]
            case .many(let texts): texts
            }
        }
    }

    let inputs: Inputs
    let normalize: Bool
    let truncate: Bool
    let truncationDirection: Truncation
    let dimensions: Int?
    let maxRationaleTokens: Int?
    let temperature: Float
    let topP: Float
    let seed: UInt64?
    /// Of `/explain`: whether the vector is answered too.
    let embedding: Bool

    private enum Field: String, CodingKey {
        case inputs, normalize, truncate, dimensions, temperature, seed, embedding
        case truncationDirection = "truncation_direction"
        case maxRationaleTokens = "max_rationale_tokens"
        case topP = "top_p"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        func value<Value: Decodable>(_ field: Field, _ expected: String) throws -> Value? {
            do {
                return try fields.decodeIfPresent(Value.self, forKey: field)
            } catch {
                throw ServiceError.invalid("`\(field.rawValue)` must be \(expected)")
            }
        }
        inputs = try Self.inputs(fields)
        normalize = try value(.normalize, "true or false") ?? true
        truncate = try value(.truncate, "true or false") ?? true
        truncationDirection = try Self.direction(value(.truncationDirection, "\"right\" or \"left\""))
        dimensions = try value(.dimensions, "a positive integer")
        maxRationaleTokens = try value(.maxRationaleTokens, "an integer of at least 0")
        temperature = try value(.temperature, "a number") ?? 0
        topP = try value(.topP, "a number") ?? 1
        seed = try value(.seed, "an integer from 0 to \(UInt64.max)")
        embedding = try value(.embedding, "true or false") ?? false
    }

    private static func inputs(_ fields: KeyedDecodingContainer<Field>) throws -> Inputs {
        guard fields.contains(.inputs) else { throw ServiceError.invalid("`inputs` is missing") }
        do {
            return .one(try fields.decode(String.self, forKey: .inputs))
        } catch {
            do {
                return .many(try fields.decode([String].self, forKey: .inputs))
            } catch {
                throw ServiceError.invalid("`inputs` must be a string or a list of strings")
            }
        }
    }

    /// text-embeddings-inference writes the directions with a capital.
    private static func direction(_ name: String?) throws -> Truncation {
        switch name?.lowercased() {
        case nil, "right": return .right
        case "left": return .left
        case .some:
            throw ServiceError.invalid("`truncation_direction` must be \"right\" or \"left\", not \"\(name ?? "")\"")
        }
    }
}

/// A request whose every value is allowed.
struct ValidatedRequest {
    let texts: [String]
    let settings: EmbeddingSettings
    let normalize: Bool
    let dimensions: Int?
    let withEmbedding: Bool

    /// - Parameter channels: the length of the model's vectors.
    /// - Throws: `ServiceError.empty`, `.invalid`, naming the field and both values.
    init(_ request: EmbedRequest, limits: RequestLimits, channels: Int) throws(ServiceError) {
        texts = request.inputs.texts
        guard !texts.isEmpty else { throw .empty("`inputs` cannot be empty") }
        guard texts.count <= limits.maxClientBatchSize else {
            throw .invalid("`inputs` has \(texts.count) texts, the limit is \(limits.maxClientBatchSize)")
        }
        if let index = texts.firstIndex(where: \.isEmpty) {
            let place = request.inputs == .one("") ? "`inputs`" : "`inputs[\(index)]`"
            throw .empty("\(place) cannot be empty")
        }
        let rationale = request.maxRationaleTokens ?? limits.defaultMaxRationaleTokens
        guard (0...limits.maxRationaleTokens).contains(rationale) else {
            throw .invalid("`max_rationale_tokens` is \(rationale), allowed are 0 to \(limits.maxRationaleTokens)")
        }
        guard (0...100).contains(request.temperature) else {
            throw .invalid("`temperature` is \(request.temperature), allowed are 0 to 100")
        }
        guard request.topP > 0, request.topP <= 1 else {
            throw .invalid("`top_p` is \(request.topP), allowed are numbers over 0 up to 1")
        }
        if let dimensions = request.dimensions, !(1...channels).contains(dimensions) {
            throw .invalid("`dimensions` is \(dimensions), allowed are 1 to \(channels)")
        }
        settings = EmbeddingSettings(
            maxRationaleTokens: rationale, temperature: request.temperature, topP: request.topP, seed: request.seed,
            truncation: request.truncate ? request.truncationDirection : .refuse)
        normalize = request.normalize
        dimensions = request.dimensions
        withEmbedding = request.embedding
    }

    /// The vector as asked for: cut to its first dimensions, then scaled to length 1.
    func output(_ vector: [Float]) -> [Float] {
        let cut = Array(vector.prefix(dimensions ?? vector.count))
        guard normalize else { return cut }
        let norm = cut.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return norm > 0 ? cut.map { Float(Double($0) / norm) } : cut
    }
}

/// What one request may ask for.
package struct RequestLimits: Sendable, Equatable {
    /// Texts of one request.
    package var maxClientBatchSize: Int
    /// Where the request says nothing.
    package var defaultMaxRationaleTokens: Int
    /// The most that a request may ask for.
    package var maxRationaleTokens: Int

    package init(maxClientBatchSize: Int, defaultMaxRationaleTokens: Int, maxRationaleTokens: Int) {
        self.maxClientBatchSize = maxClientBatchSize
        self.defaultMaxRationaleTokens = defaultMaxRationaleTokens
        self.maxRationaleTokens = maxRationaleTokens
    }
}
