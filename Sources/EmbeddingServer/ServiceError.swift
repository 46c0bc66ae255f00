import Engine
import Grace
import Gzip
import HTTP
import Serving

/// Everything that a route can answer instead of a result.
package enum ServiceError: Error, Equatable, Sendable {
    /// The body is not JSON, or the request is otherwise not what HTTP makes of it.
    case malformed(String)
    /// The body is not declared as JSON.
    case unsupportedMediaType(found: String?)
    /// The body is compressed in a way that is not understood.
    case unsupportedContentCoding(String)
    /// The body inflates to more than is allowed.
    case tooLarge(String)
    /// A field holds a value that is not allowed; its name, if the message is about one.
    case invalid(String, field: String? = nil)
    /// There is nothing to embed.
    case empty(String, field: String? = nil)
    /// The model cannot do what the route is for.
    case unsupported(String)
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
    ///
    /// - Parameter field: what the request calls the field of its inputs.
    package init(_ error: GraceError, inputs field: String = "inputs") {
        let message = error.description(inputs: field)
        switch error {
        case .textTooLong, .nothingToPool, .unknownToken, .controlToken: self = .invalid(message, field: field)
        case .noRoomForText, .rationaleTooLong, .engine(.tooManyPositions), .engine(.tooManyTokenStates):
            self = .invalid(message)
        case .tooManySpanPairs: self = .invalid(message, field: "granularity")
        case .unknownPrompt: self = .invalid(message, field: "prompt_name")
        case .setting(let name, _, _): self = .invalid(message, field: name)
        case .template: self = .tokenizer(message)
        case .engine(.queueFull), .engine(.tokenStatesFull): self = .overloaded(message)
        case .engine(.stopped), .engine(.cancelled): self = .unhealthy(message)
        case .engine(.notFinite), .kernels, .checkpoint, .transformer, .tokenization, .unreadableTemplate,
            .missingChatTemplate, .missingEndOfTurn,
            .vocabularyMismatch, .rationaleLimit, .linkOutside, .unknownModel, .unknownBase:
            self = .backend(message)
        }
    }

    /// The error of a body that could not be inflated.
    init(_ error: InflateError) {
        switch error {
        case .tooLarge, .ratioTooHigh: self = .tooLarge("the body: \(error)")
        case .noMemory: self = .unhealthy("\(error)")
        case .malformed, .truncated, .trailingBytes: self = .malformed("the body: \(error)")
        }
    }

    /// The error of what the store of checkpoints refused.
    package init(_ error: StoreError) {
        switch error {
        case .unknown, .notServed, .invalid(_, .unknownModel), .invalid(_, .unknownBase):
            self = .unknownCheckpoint("\(error)")
        case .busy, .draining, .inUse, .notLoaded, .nothingToRollBackTo: self = .conflict("\(error)")
        case .overMemoryLimit: self = .noMemory("\(error)")
        case .invalid, .canary: self = .invalid("\(error)")
        case .noModel, .stopping: self = .unhealthy("\(error)")
        }
    }
}

extension ServiceError {
    /// The one table of statuses and kinds.
    private var answer: (status: HTTPStatus, object: ErrorObject) {
        switch self {
        case .malformed(let message): (.badRequest, ErrorObject(message: message, type: .request))
        case .unsupportedMediaType(let found):
            (
                .unsupportedMediaType,
                ErrorObject(
                    message: "the body must be sent with Content-Type: application/json, "
                        + (found.map { "not \($0)" } ?? "there is no Content-Type"), type: .request)
            )
        case .unsupportedContentCoding(let coding):
            (
                .unsupportedMediaType,
                ErrorObject(
                    message: "the body must be sent as it is, or in one of gzip and deflate, not with "
                        + "Content-Encoding: \(coding)", type: .request)
            )
        case .tooLarge(let message): (.contentTooLarge, ErrorObject(message: message, type: .request))
        case .invalid(let message, let field):
            (.unprocessableContent, ErrorObject(message: message, type: .validation, field: field))
        case .empty(let message, let field): (.badRequest, ErrorObject(message: message, type: .empty, field: field))
        case .tokenizer(let message): (.unprocessableContent, ErrorObject(message: message, type: .tokenizer))
        case .overloaded(let message): (.tooManyRequests, ErrorObject(message: message, type: .overloaded))
        case .unhealthy(let message): (.serviceUnavailable, ErrorObject(message: message, type: .unhealthy))
        case .backend(let message), .unsupported(let message):
            (.failedDependency, ErrorObject(message: message, type: .backend))
        case .unknownCheckpoint(let message):
            (.notFound, ErrorObject(message: message, type: .unknownModel, field: "model"))
        case .conflict(let message): (.conflict, ErrorObject(message: message, type: .conflict))
        case .noMemory(let message): (.insufficientStorage, ErrorObject(message: message, type: .memory))
        case .timedOut(let time):
            (.gatewayTimeout, ErrorObject(message: "the request was given up after \(time)", type: .timeout))
        case .timedOutStream:
            (.gatewayTimeout, ErrorObject(message: "the request was given up: its time is over", type: .timeout))
        case .unauthorized:
            (
                .unauthorized,
                ErrorObject(
                    message: "expected a key of the key file, as Authorization: Bearer or X-API-Key",
                    type: .unauthorized)
            )
        }
    }

    /// The answer on a path of no dialect but text-embeddings-inference's.
    var response: HTTPResponse { response(in: .embeddings) }

    /// The answer to a request: in the shape that the clients of its path read.
    func response(to head: HTTPRequestHead) -> HTTPResponse {
        response(in: ErrorShape(path: head.path))
    }

    /// The answer: status, error object, and when to try again where that may help.
    package func response(in shape: ErrorShape) -> HTTPResponse {
        let (status, object) = answer
        var response = HTTPResponse(json: shape.body(object), status: status)
        if status == .tooManyRequests || status == .serviceUnavailable {
            response.headers["Retry-After"] = "1"
        }
        // RFC 9110, section 11.6.1.
        if status == .unauthorized { response.headers["WWW-Authenticate"] = "Bearer" }
        return response
    }
}

extension HTTPResponse {
    /// The answer to what the protocol, the router or a limit refused, in the shape of the request's path.
    static func error(_ error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        let type: ErrorType =
            switch error.status {
            case .serviceUnavailable: .unhealthy
            case .tooManyRequests: .overloaded
            default: .request
            }
        let shape = head.map { ErrorShape(path: $0.path) } ?? .embeddings
        return HTTPResponse(
            json: shape.body(ErrorObject(message: "\(error)", type: type)), status: error.status)
    }
}
