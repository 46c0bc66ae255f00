import Engine
import Grace
import HTTP
import Serving

/// Everything that a route can answer instead of a result.
package enum ServiceError: Error, Equatable, Sendable {
    /// The body is not JSON, or the request is otherwise not what HTTP makes of it.
    case malformed(String)
    /// The body is not declared as JSON.
    case unsupportedMediaType(found: String?)
    /// The body is declared as compressed.
    case unsupportedContentCoding(String)
    /// A field holds a value that is not allowed.
    case invalid(String)
    /// There is nothing to embed.
    case empty(String)
    /// The text cannot be turned into tokens.
    case tokenizer(String)
    /// There is no place in the queue.
    case overloaded(String)
    /// No model is ready.
    case unhealthy(String)
    /// The model failed.
    case backend(String)
    /// No checkpoint of the name.
    case unknownCheckpoint(String)
    /// What a checkpoint is doing does not allow it.
    case conflict(String)
    /// There is no memory for it.
    case noMemory(String)
    /// The time that the request or the server gives is over.
    case timedOut(Duration)
    /// The same, of an answer that has begun.
    case timedOutStream
    /// A key is missing or wrong.
    case unauthorized

    /// The error of a request that the model store, the tokenizer or the engine refused.
    package init(_ error: GraceError) {
        switch error {
        case .textTooLong, .noRoomForText, .nothingToPool, .rationaleTooLong, .engine(.tooManyPositions):
            self = .invalid("\(error)")
        case .template: self = .tokenizer("\(error)")
        case .engine(.queueFull): self = .overloaded("\(error)")
        case .engine(.stopped), .engine(.cancelled): self = .unhealthy("\(error)")
        case .engine(.notFinite), .kernels, .checkpoint, .transformer, .tokenization, .unreadableTemplate,
            .missingChatTemplate, .missingEndOfTurn,
            .vocabularyMismatch, .rationaleLimit, .linkOutside, .unknownModel:
            self = .backend("\(error)")
        }
    }

    /// The error of what the store of checkpoints refused.
    package init(_ error: StoreError) {
        switch error {
        case .unknown, .notServed, .invalid(_, .unknownModel): self = .unknownCheckpoint("\(error)")
        case .busy, .draining, .inUse, .notLoaded, .nothingToRollBackTo: self = .conflict("\(error)")
        case .overMemoryLimit: self = .noMemory("\(error)")
        case .invalid, .canary: self = .invalid("\(error)")
        case .noModel, .stopping: self = .unhealthy("\(error)")
        }
    }
}

extension ServiceError {
    /// The one table of statuses and of text-embeddings-inference's error types.
    private var answer: (status: HTTPStatus, type: String, message: String) {
        switch self {
        case .malformed(let message): (.badRequest, "Request", message)
        case .unsupportedMediaType(let found):
            (
                .unsupportedMediaType, "Request",
                "the body must be sent with Content-Type: application/json, "
                    + (found.map { "not \($0)" } ?? "there is no Content-Type")
            )
        case .unsupportedContentCoding(let coding):
            (
                .unsupportedMediaType, "Request",
                "the body must be sent as it is, not with Content-Encoding: \(coding)"
            )
        case .invalid(let message): (.unprocessableContent, "Validation", message)
        case .empty(let message): (.badRequest, "Empty", message)
        case .tokenizer(let message): (.unprocessableContent, "Tokenizer", message)
        case .overloaded(let message): (.tooManyRequests, "Overloaded", message)
        case .unhealthy(let message): (.serviceUnavailable, "Unhealthy", message)
        case .backend(let message): (.failedDependency, "Backend", message)
        case .unknownCheckpoint(let message): (.notFound, "Request", message)
        case .conflict(let message): (.conflict, "Conflict", message)
        case .noMemory(let message): (.insufficientStorage, "Memory", message)
        case .timedOut(let time): (.gatewayTimeout, "Timeout", "the request was given up after \(time)")
        case .timedOutStream: (.gatewayTimeout, "Timeout", "the request was given up: its time is over")
        case .unauthorized:
            (.unauthorized, "Unauthorized", "expected Authorization: Bearer and a key of the key file")
        }
    }

    /// The answer: status, error object, and when to try again where that may help.
    var response: HTTPResponse {
        let (status, type, message) = answer
        var response = HTTPResponse.error(status, message: message, type: type)
        if status == .tooManyRequests || status == .serviceUnavailable {
            response.headers["Retry-After"] = "1"
        }
        // RFC 9110, section 11.6.1.
        if status == .unauthorized { response.headers["WWW-Authenticate"] = "Bearer" }
        return response
    }
}

/// The error object that every route and every protocol error answers with.
private struct ErrorBody: Encodable {
    let error: String
    let error_type: String
}

extension HTTPResponse {
    /// `{"error": …, "error_type": …}`
    static func error(_ status: HTTPStatus, message: String, type: String) -> HTTPResponse {
        .json(ErrorBody(error: message, error_type: type), status: status)
    }

    /// The answer to what the protocol, the router or a limit refused.
    static func error(_ error: HTTPError) -> HTTPResponse {
        .error(error.status, message: "\(error)", type: error.status == .serviceUnavailable ? "Unhealthy" : "Request")
    }
}
