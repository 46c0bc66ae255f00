import Foundation
import HTTP

extension HTTPRequestHead {
    /// Before a body is read: the refusal of anything but JSON. How it is coded is ``ContentCodingApplication``'s business.
    func refusalUnlessJSON() -> HTTPResponse? {
        // RFC 9110, section 8.3: the type, without its parameters and without regard to case.
        let type = headers["content-type"]
        let essence = type?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
        guard essence == "application/json" else {
            return ServiceError.unsupportedMediaType(found: type).response(to: self)
        }
        return nil
    }

    /// Before a body is read: the refusal of a length that is missing or too large.
    ///
    /// The connection refuses both as well, and does not know whose clients a path has.
    func refusalOfLength(limit: Int) -> HTTPResponse? {
        let error: HTTPError
        switch framing {
        case .length(let length) where length > limit: error = .bodyTooLarge(length: length, limit: limit)
        case .none: error = .lengthRequired(method)
        case .length, .chunked: return nil
        }
        return .error(error, in: ErrorShape(path: path))
    }

    /// A segment of the path, its percent-encodings decoded; nil if there is none, or it is no UTF-8.
    func pathSegment(_ index: Int) -> String? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard segments.count > index else { return nil }
        return segments[segments.startIndex + index].removingPercentEncoding
    }
}
