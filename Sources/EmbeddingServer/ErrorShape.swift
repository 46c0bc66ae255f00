import HTTP
import JSON

/// The object that an error is answered with: each dialect has clients that read their own.
package enum ErrorShape: Sendable, Equatable {
    /// text-embeddings-inference's: `{"error": …, "error_type": …}`; of every path that is no other's.
    case embeddings
    /// OpenAI's: `{"error": {"message": …, "type": …, "param": …, "code": …}}`.
    case openAI
    /// Ollama's: `{"error": …}`.
    case ollama

    /// The shape of a path, whether or not there is a route.
    package init(path: String) {
        if path.hasPrefix("/v1/") || path == "/embeddings" {
            self = .openAI
        } else if path.hasPrefix("/api/") {
            self = .ollama
        } else {
            self = .embeddings
        }
    }

    /// The object's JSON.
    func body(_ error: ErrorObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            switch self {
            case .embeddings:
                writer.member("error", error.message)
                writer.member("error_type", error.type.name)
            case .ollama:
                writer.member("error", error.message)
            case .openAI:
                writer.key("error")
                writer.object { writer in
                    writer.member("message", error.message)
                    writer.member("type", error.type.openAIName)
                    writer.member("param", error.field)
                    writer.member("code", error.type.openAICode)
                }
            }
        }
        return writer.bytes
    }
}

/// What every dialect makes its error of.
struct ErrorObject: Equatable {
    /// What, where, and both values.
    let message: String
    let type: ErrorType
    /// The field of the request that is at fault, if one is.
    var field: String?
}

/// Kinds of errors.
enum ErrorType: Sendable {
    case request, empty, validation, tokenizer, backend, overloaded, unhealthy, unauthorized, unknownModel, conflict
    case memory, timeout

    /// text-embeddings-inference's word, or ours in its spelling.
    fileprivate var name: String {
        switch self {
        case .request, .unknownModel: "Request"
        case .empty: "Empty"
        case .validation: "Validation"
        case .tokenizer: "Tokenizer"
        case .backend: "Backend"
        case .overloaded: "Overloaded"
        case .unhealthy: "Unhealthy"
        case .unauthorized: "Unauthorized"
        case .conflict: "Conflict"
        case .memory: "Memory"
        case .timeout: "Timeout"
        }
    }

    /// OpenAI's word for the kind.
    fileprivate var openAIName: String {
        switch self {
        case .request, .empty, .validation, .tokenizer, .unknownModel, .conflict: "invalid_request_error"
        case .unauthorized: "authentication_error"
        case .overloaded: "rate_limit_error"
        case .backend, .unhealthy, .memory, .timeout: "server_error"
        }
    }

    /// OpenAI's word for the very error, where there is one.
    fileprivate var openAICode: String? {
        switch self {
        case .unknownModel: "model_not_found"
        case .unauthorized: "invalid_api_key"
        case .overloaded: "rate_limit_exceeded"
        case .timeout: "timeout"
        default: nil
        }
    }
}
