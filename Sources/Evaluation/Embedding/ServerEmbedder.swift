import Confinement
import Dispatch
import HTTP
import JSON

/// Embeds with a running server: `/embed` for vectors alone, `/explain` for rationales, too.
package struct ServerEmbedder: TextEmbedder {
    private let client: HTTPClient
    private let address: ServerAddress
    /// `name@` and the beginning of the fingerprint.
    private let checkpoint: String
    package let identity: EmbedderIdentity

    /// Requests under way at once.
    package let concurrency: Int

    /// Asks the server who it is.
    ///
    /// - Precondition: `concurrency` is at least 1.
    /// - Throws: `EvaluationError.connection`, `.refused`, `.answer`
    package init(_ address: ServerAddress, concurrency: Int = 32) async throws(EvaluationError) {
        precondition(concurrency > 0, "no requests at a time")
        self.address = address
        self.concurrency = concurrency
        client = HTTPClient(host: address.host, port: address.port)
        let body = try await Self.answer(.get, "/info", body: [], client, address)
        guard case .object(let members) = body, case .string(let name)? = members["model_id"],
            case .string(let fingerprint)? = members["model_sha"], case .string(let compute)? = members["compute"],
            case .string(let checkpoint)? = members["checkpoint"]
        else {
            throw .answer(address: "\(address)", reason: "lacks a field of /info")
        }
        self.checkpoint = checkpoint
        identity = EmbedderIdentity(name: name, fingerprint: fingerprint, compute: compute)
    }

    package func embed(_ text: String, as settings: RationaleSettings) async throws(EvaluationError) -> EmbeddedText {
        let hasRationale = settings.maxRationaleTokens > 0
        let answer = try await Self.answer(
            .post, hasRationale ? "/explain" : "/embed", body: requestBody(text, settings), client, address)
        guard case .array(let elements) = answer, elements.count == 1 else {
            throw failure("is no list of one result: \(answer.summary)")
        }
        return hasRationale
            ? try explained(elements[0]) : EmbeddedText(vector: try vector(elements[0]))
    }

    private func requestBody(_ text: String, _ settings: RationaleSettings) -> [UInt8] {
        var writer = JSONWriter(reserving: text.utf8.count + 200)
        writer.object { writer in
            writer.key("inputs")
            writer.array { $0.string(text) }
            // The checkpoint that was active first, or none: vectors of another one must not be mixed in.
            writer.member("model", checkpoint)
            writer.member("normalize", false)
            writer.member("max_rationale_tokens", settings.maxRationaleTokens)
            writer.member("temperature", settings.temperature)
            writer.member("top_p", 1)
            if settings.temperature > 0 {
                writer.member("seed", settings.seed)
            }
            if settings.maxRationaleTokens > 0 {
                writer.member("embedding", true)
            }
            if let stopWhenStable = settings.stopWhenStable {
                writer.member("stop_when_stable", stopWhenStable)
            }
        }
        return writer.bytes
    }

    private func explained(_ value: JSONValue) throws(EvaluationError) -> EmbeddedText {
        guard case .object(let members) = value, let numbers = members["embedding"],
            case .string(let rationale)? = members["rationale"],
            case .integer(let tokens)? = members["rationale_tokens"],
            case .string(let reason)? = members["finish_reason"], case .bool(let isTruncated)? = members["truncated"]
        else { throw failure("lacks a field of /explain") }
        return EmbeddedText(
            vector: try vector(numbers), rationale: rationale, rationaleTokens: tokens,
            isCutOff: reason == "length", isTruncated: isTruncated)
    }

    private func vector(_ value: JSONValue) throws(EvaluationError) -> [Float] {
        guard case .array(let elements) = value else { throw failure("has no vector: \(value.summary)") }
        var vector: [Float] = []
        vector.reserveCapacity(elements.count)
        for element in elements {
            switch element {
            case .number(let number): vector.append(Float(number))
            case .integer(let integer): vector.append(Float(integer))
            default: throw failure("has a vector with \(element.summary) in it")
            }
        }
        return vector
    }

    private func failure(_ reason: String) -> EvaluationError { .answer(address: "\(address)", reason: reason) }

    private static func answer(
        _ method: HTTPMethod, _ target: String, body: [UInt8], _ client: HTTPClient, _ address: ServerAddress
    ) async throws(EvaluationError) -> JSONValue {
        // A queue each: the client blocks, and who asks bounds how many there are.
        let outcome = await runBlocking(on: DispatchQueue(label: "request")) {
            Result { () throws(HTTPClientError) in
                try client.send(method, target, headers: ["Content-Type": "application/json"], body: body)
            }
        }
        let answer: HTTPClient.Answer
        do throws(HTTPClientError) {
            answer = try outcome.get()
        } catch {
            throw .connection(error)
        }
        guard answer.status == 200 else {
            throw .refused(
                address: "\(address)", status: answer.status, message: String(decoding: answer.body, as: UTF8.self))
        }
        do throws(JSONError) {
            return try JSONValue(parsing: answer.body, valueLimit: 1_000_000)
        } catch {
            throw .answer(address: "\(address)", reason: "is not JSON: \(error)")
        }
    }
}
