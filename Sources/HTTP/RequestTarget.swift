/// The parts of a request target (RFC 9112, section 3.2).
struct RequestTarget: Equatable {
    var path: String
    var query: String?

    /// Reads a target in origin-form, absolute-form or asterisk-form.
    ///
    /// - Throws: ``HTTPError/invalidTarget(_:)`` for anything else, so also for authority-form, which only CONNECT has.
    init(_ bytes: ArraySlice<UInt8>, method: HTTPMethod) throws(HTTPError) {
        if bytes.first == UInt8(ascii: "/") {
            (path, query) = try Self.pathAndQuery(bytes, of: bytes)
        } else if bytes.elementsEqual("*".utf8), method == .options {
            // RFC 9112, section 3.2.4: asterisk-form is for a server-wide OPTIONS only.
            path = "*"
        } else if let authorityStart = Self.authorityStart(in: bytes) {
            // RFC 9112, section 3.2.2: a server accepts absolute-form, and its authority overrides the Host field.
            let rest = bytes[authorityStart...]
            let authorityEnd =
                rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            let authority = rest[..<authorityEnd]
            // RFC 9110, sections 4.2.1 and 4.2.4: an http URI has a host, and user information is an error.
            guard !authority.isEmpty, authority.first != UInt8(ascii: ":"), authority.isHostAndPort else {
                throw .invalidTarget(bytes.excerpt)
            }
            let pathAndQuery = rest[authorityEnd...]
            if pathAndQuery.isEmpty, method == .options {
                path = "*"
            } else {
                (path, query) = try Self.pathAndQuery(pathAndQuery, of: bytes)
            }
        } else {
            throw .invalidTarget(bytes.excerpt)
        }
    }

    /// Splits at the first question mark. An empty path is `/` (RFC 9112, section 3.2.1).
    private static func pathAndQuery(
        _ bytes: ArraySlice<UInt8>, of target: ArraySlice<UInt8>
    ) throws(HTTPError) -> (String, String?) {
        guard bytes.isPercentEncoded(allowing: \.isPathOrQueryCharacter) else { throw .invalidTarget(target.excerpt) }
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        let path = mark == bytes.startIndex ? "/" : bytes[..<mark].fieldText
        return (path, mark == bytes.endIndex ? nil : bytes[(mark + 1)...].fieldText)
    }

    /// Where the authority begins in `http://…` or `https://…`.
    private static func authorityStart(in bytes: ArraySlice<UInt8>) -> Int? {
        for scheme in ["http://", "https://"]
        where bytes.prefix(scheme.utf8.count).map(\.asciiLowercased) == Array(scheme.utf8) {
            return bytes.startIndex + scheme.utf8.count
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes are `uri-host [":" port]`, which an empty Host field also is (RFC 9110, section 7.2; RFC 3986,
    /// section 3.2.2).
    var isHostAndPort: Bool {
        let hostEnd: Int
        if first == UInt8(ascii: "[") {
            guard let close = firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = self[(startIndex + 1)..<close]
            guard address.contains(UInt8(ascii: ":")),
                address.allSatisfy({
                    $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                })
            else { return false }
            hostEnd = close + 1
        } else {
            hostEnd = firstIndex(of: UInt8(ascii: ":")) ?? endIndex
            guard self[startIndex..<hostEnd].isPercentEncoded(allowing: \.isNameCharacter) else { return false }
        }
        guard hostEnd < endIndex else { return true }
        guard self[hostEnd] == UInt8(ascii: ":") else { return false }
        let port = self[(hostEnd + 1)...]
        guard port.allSatisfy(\.isDigit) else { return false }
        return port.isEmpty || UInt16(port.fieldText) != nil
    }
}
