extension RequestParser {
    /// Reads on in a chunked body up to the trailers (RFC 9112, section 7.1).
    ///
    /// - Returns: false when it needs more bytes.
    mutating func readChunked() throws(HTTPError) -> Bool {
        switch phase {
        case .chunk(let remaining):
            let count = takeBody(atMost: remaining)
            phase = count == remaining ? .chunkEnd : .chunk(remaining: remaining - count)
            return count == remaining
        case .chunkEnd:
            guard try nextLine(limit: 0, orThrow: .missingChunkEnd) != nil else { return false }
            phase = .chunkSize
            return true
        default:
            guard let line = try nextLine(limit: limits.maxHeadSize, orThrow: chunkExtensionsTooLong) else {
                return false
            }
            let size = try chunkSize(buffer[line])
            let (total, overflow) = body.count.addingReportingOverflow(size)
            guard !overflow, total <= limits.maxBodySize else {
                throw .bodyTooLarge(length: nil, limit: limits.maxBodySize)
            }
            phase = size == 0 ? .trailers : .chunk(remaining: size)
            return true
        }
    }

    private var chunkExtensionsTooLong: HTTPError { .chunkExtensionsTooLong(limit: limits.maxHeadSize) }

    /// Reads `chunk-size [chunk-ext]`. Extensions are ignored, but what all of them cost is limited (RFC 9112, section
    /// 7.1.1).
    private mutating func chunkSize(_ line: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let digits = line.prefix { $0.hexadecimalValue != nil }
        let rest = line[digits.endIndex...]
        // Section 7.1.1 has white space before a semicolon, nowhere else. Fifteen digits cannot overflow 64 bits.
        guard !digits.isEmpty, digits.count <= 15,
            rest.isEmpty || rest.first(where: { !$0.isWhitespace }) == UInt8(ascii: ";")
        else { throw .malformedChunkSize(line.excerpt) }
        chunkExtensionsSize += rest.count
        guard chunkExtensionsSize <= limits.maxHeadSize else { throw chunkExtensionsTooLong }
        return digits.reduce(0) { $0 << 4 | ($1.hexadecimalValue ?? 0) }
    }
}
