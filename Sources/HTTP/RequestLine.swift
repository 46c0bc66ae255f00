/// `method SP request-target SP HTTP-version` (RFC 9112, section 3).
struct RequestLine: Sendable, Equatable {
    let method: HTTPMethod
    let target: [UInt8]
    let version: HTTPVersion

    /// Reads a line without its line end. Single spaces separate the parts: the white space that section 3 lets a server
    /// accept is read differently by different servers.
    ///
    /// - Throws: ``HTTPError/malformedRequestLine(_:)``, ``HTTPError/unsupportedVersion(_:)``.
    init(_ line: ArraySlice<UInt8>) throws(HTTPError) {
        let parts = line.split(separator: .space, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isToken, !parts[1].isEmpty else {
            throw .malformedRequestLine(line.excerpt)
        }
        method = HTTPMethod(rawValue: parts[0].fieldText)
        target = Array(parts[1])
        // RFC 9112, section 2.3: HTTP-version is case-sensitive, with one digit on each side of the dot.
        let version = Array(parts[2])
        guard version.count == 8, version.starts(with: "HTTP/".utf8), version[5].isDigit,
            version[6] == UInt8(ascii: "."), version[7].isDigit
        else { throw .malformedRequestLine(line.excerpt) }
        // RFC 9110, section 15.6.6: another major version cannot be understood, so nothing after it is read.
        guard version[5] == UInt8(ascii: "1") else { throw .unsupportedVersion(version.excerpt) }
        self.version = version[7] == UInt8(ascii: "0") ? .http10 : .http11
    }
}
