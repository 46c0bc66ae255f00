import Foundation
import HTTP

extension HTTPRequestHead {
    /// Before a body is read: the refusal of anything but JSON. How it is coded is ``ContentCodingApplication``'s business.
    func refusalUnlessJSON() -> HTTPResponse? {
        // RFC 9110, section 8.3: the type, without its parameters and without regard to case.
        let type = headers["content-type"]
        guard type?.hasEssence("application/json") == true else {
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
        return .error(error, of: self)
    }

    /// A segment of the path, its percent-encodings decoded; nil if there is none, or it is no UTF-8.
    func pathSegment(_ index: Int) -> String? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard segments.count > index else { return nil }
        return segments[segments.startIndex + index].removingPercentEncoding
    }
}

extension String {
    /// Whether a media type without its parameters is this one, which is in lower case; asked on every request.
    fileprivate func hasEssence(_ expected: String) -> Bool {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var essence = utf8.prefix { $0 != UInt8(ascii: ";") }.drop(while: isSpace)
        while let last = essence.last, isSpace(last) { essence.removeLast() }
        return essence.count == expected.utf8.count
            && zip(essence, expected.utf8).allSatisfy { found, expected in
                found == expected || (65...90).contains(found) && found | 0x20 == expected
            }
    }
}
