import Gzip
import HTTP

/// How the body of a request is coded (RFC 9110, section 8.4).
enum RequestCoding: Equatable {
    case identity
    case inflated(Inflater.Format)
    /// The field's value: an unknown coding, or one over another, which no client of ours has a use for.
    case unsupported(String)

    /// What a refusal tells the client to send instead.
    static let supported = "gzip, deflate"

    init(_ head: HTTPRequestHead) {
        let codings = head.headers.listElements(of: "content-encoding").filter { !$0.isEmpty && $0 != "identity" }
        self =
            switch codings {
            case []: .identity
            case ["gzip"], ["x-gzip"]: .inflated(.gzip)
            case ["deflate"]: .inflated(.zlib)
            default: .unsupported(head.headers.values(of: "content-encoding").joined(separator: ", "))
            }
    }
}
