import Grace
import JSON

/// A request of `/explain/similarity`: two texts, or one and those that it is compared with.
struct ComparisonRequest: Sendable, Equatable {
    /// What is embedded, and how; the first input is compared with the others.
    var embed: EmbedRequest
    let granularity: SpanGranularity
    /// How many contributions are answered for each comparison.
    let contributionCount: Int
    /// Whether the answer ranks texts, or tells of a pair.
    let isRanking: Bool

    /// Contributions of one answer: a few megabytes.
    private static let mostContributions = 1 << 16
    /// Of each text of a ranking, where the request does not say: what a person reads.
    private static let rankedContributions = 10

    /// - Throws: `ServiceError.malformed`, `.empty`, `.invalid`
    init(parsing body: [UInt8]) throws(ServiceError) {
        let fields = try RequestFields(parsing: body)
        let first = try RequestInputs(fields.value("inputs"), field: "inputs")
        let inputs: RequestInputs
        if let against = fields.value("against") {
            inputs = try Self.inputs(first, RequestInputs(against, field: "against"))
            isRanking = true
        } else {
            guard first.values.count == 2 else {
                let found = first.values.count == 1 ? "1 text" : "\(first.values.count) texts"
                throw .invalid(
                    "`inputs` has \(found), 2 are compared, or 1 with those of `against`", field: "inputs")
            }
            inputs = first
            isRanking = false
        }
        embed = try EmbedRequest(fields, inputs: inputs, model: fields.string("model"))
        granularity = try Self.granularity(fields.string("granularity"))
        let limit = max(1, Self.mostContributions / (inputs.values.count - 1))
        let count = try fields.integer("top_n") ?? (isRanking ? min(Self.rankedContributions, limit) : limit)
        guard (1...limit).contains(count) else {
            throw .invalid("`top_n` is \(count), allowed are 1 to \(limit)", field: "top_n")
        }
        contributionCount = count
    }

    /// The text that others are compared with, and these.
    private static func inputs(
        _ first: RequestInputs, _ against: RequestInputs
    ) throws(ServiceError) -> RequestInputs {
        guard first.values.count == 1 else {
            throw .invalid(
                "`inputs` has \(first.values.count) texts, 1 is compared with those of `against`", field: "inputs")
        }
        guard !against.values.isEmpty else { throw .empty("`against` cannot be empty", field: "against") }
        if let index = against.values.firstIndex(where: \.isEmpty) {
            throw .empty(
                against.isList ? "`against[\(index)]` cannot be empty" : "`against` cannot be empty", field: "against")
        }
        // The errors of their texts count from the first.
        return RequestInputs(field: "inputs", values: first.values + against.values)
    }

    private static func granularity(_ name: String?) throws(ServiceError) -> SpanGranularity {
        guard let name else { return .sentences }
        guard let granularity = SpanGranularity(rawValue: name) else {
            throw .invalid(
                "`granularity` must be \"tokens\", \"words\" or \"sentences\", not \(JSONValue.string(name).summary)",
                field: "granularity")
        }
        return granularity
    }
}
