import Grace
import HTTP
import Serving
import TLS

/// Why the server could not start.
package enum ServerError: Error, Equatable, Sendable, CustomStringConvertible {
    case kernels(GraceError)
    case listener(ListenerError)
    case model(StoreError)
    case keys(KeyFile.Failure)
    case tls(TLSError)
    /// Whoever reaches the admin listener from elsewhere must show a key.
    case adminWithoutKey(address: String)
    /// A name that would mean two things.
    case alias(name: String)

    package var description: String {
        switch self {
        case .listener(let error): "\(error)"
        case .kernels(let error): "\(error)"
        case .model(let error): "\(error)\(Self.advice(error))"
        case .keys(let error): "\(error)"
        case .tls(let error): "\(error)"
        case .adminWithoutKey(let address):
            "the admin listener on \(address) can be reached from other machines: it needs --admin-key-file"
        case .alias(let name):
            "--model-alias \(name)=…: \(name) is a checkpoint's name, or \"\(CheckpointRouting.activeName)\""
        }
    }

    /// What to do about a checkpoint that is not there: who starts the server may not know that there is a default one.
    private static func advice(_ error: StoreError) -> String {
        switch error {
        case .invalid(_, .unknownModel): "; --model takes another, --models another directory"
        case .invalid(ServerConfiguration.defaultModel, .unknownBase(_, _, let directory, _)):
            "; fetch it with Deploy/fetch-model --models \(directory)"
        case .invalid(_, .unknownBase): "; put it there too"
        default: ""
        }
    }
}
