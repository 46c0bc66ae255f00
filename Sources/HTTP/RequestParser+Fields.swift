extension RequestParser {
    /// The next line of a head or a trailer section, counted with its line end against the section's limit.
    mutating func nextFieldLine() throws(HTTPError) -> Range<Int>? {
        let limit = limits.maxHeadSize - sectionSize - 2
        guard let line = try nextLine(limit: limit, orThrow: .headTooLarge(limit: limits.maxHeadSize)) else {
            return nil
        }
        sectionSize += line.count + 2
        return line
    }

    /// Reads `field-name ":" OWS field-value OWS` (RFC 9112, section 5).
    func readField(_ line: Range<Int>) throws(HTTPError) -> HTTPFields.Field {
        guard fields.lines.count < limits.maxHeaderCount else { throw .tooManyFields(limit: limits.maxHeaderCount) }
        let bytes = buffer[line]
        // RFC 9112, section 5.2: a server rejects obs-fold or replaces it; section 2.2: white space before the first
        // field is rejected.
        guard bytes.first?.isWhitespace != true else { throw .foldedField(line: lineNumber) }
        // RFC 9112, section 5.1: white space between name and colon is answered with 400; it is no token character.
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[..<colon].isToken else {
            throw .malformedField(bytes.excerpt, line: lineNumber)
        }
        var value = bytes[(colon + 1)...].drop(while: \.isWhitespace)
        while value.last?.isWhitespace == true { value.removeLast() }
        return HTTPFields.Field(name: bytes[..<colon].fieldText, value: value.fieldText)
    }

    /// Checks the head as a whole and enters the body.
    mutating func finishHead() throws(HTTPError) -> HTTPRequestHead {
        guard let requestLine else { preconditionFailure("fields without a request line") }
        try checkHost(version: requestLine.version)
        let framing = try bodyFraming(version: requestLine.version)
        // RFC 9110, section 9.1: 501 for a method that the server does not know, whatever the target.
        guard HTTPMethod.recognized.contains(requestLine.method) else {
            throw .unknownMethod(requestLine.method.rawValue.utf8.excerpt)
        }
        let target = try RequestTarget(requestLine.target[...], method: requestLine.method)
        try checkExpectation(version: requestLine.version)
        let head = HTTPRequestHead(
            method: requestLine.method, target: requestLine.target.fieldText, path: target.path, query: target.query,
            version: requestLine.version, headers: fields, framing: framing)
        self.head = head
        fields = HTTPFields()
        sectionSize = 0
        phase = bodyPhase(of: head)
        return head
    }

    /// How reading goes on after a head. A body that is refused for its length fails only then, so that the application
    /// can first say that there is no such path or method.
    private func bodyPhase(of head: HTTPRequestHead) -> Phase {
        switch head.framing {
        case .chunked: .chunkSize
        case .length(let length) where length > limits.maxBodySize:
            .failed(.bodyTooLarge(length: length, limit: limits.maxBodySize))
        case .length(let length): .body(remaining: length)
        // RFC 9110, section 15.5.12.
        case .none where head.method.requiresLength: .failed(.lengthRequired(head.method))
        case .none: .body(remaining: 0)
        }
    }

    /// RFC 9112, section 3.2: 400 for an HTTP/1.1 request without Host, and for any request with several or with one
    /// that is not a host.
    private func checkHost(version: HTTPVersion) throws(HTTPError) {
        let hosts = fields.values(of: "host")
        guard hosts.count <= 1 else { throw .repeatedHost(count: hosts.count) }
        guard let host = hosts.first else {
            if version == .http11 { throw .missingHost }
            return
        }
        guard Array(host.utf8)[...].isHostAndPort else { throw .invalidHost(host.utf8.excerpt) }
    }

    /// RFC 9110, section 10.1.1: an expectation other than 100-continue may be answered with 417; from HTTP/1.0 a
    /// 100-continue is ignored, and other expectations that version never had.
    private func checkExpectation(version: HTTPVersion) throws(HTTPError) {
        guard version == .http11 else { return }
        for expectation in fields.listElements(of: "expect") where expectation != "100-continue" {
            throw .unsupportedExpectation(expectation.utf8.excerpt)
        }
    }

    /// How the end of the body is found (RFC 9112, section 6.3), refusing everything that two readers could take for
    /// two different lengths.
    private func bodyFraming(version: HTTPVersion) throws(HTTPError) -> BodyFraming {
        let lengths = fields.values(of: "content-length")
        if fields["transfer-encoding"] != nil {
            // RFC 9112, section 6.1: Transfer-Encoding in HTTP/1.0 is a faulty framing.
            guard version == .http11 else { throw .transferEncodingBeforeHTTP11 }
            // RFC 9112, section 6.3, rule 3: the two together ought to be handled as an error.
            guard lengths.isEmpty else { throw .contentLengthWithTransferEncoding }
            try checkTransferEncoding()
            return .chunked
        }
        // RFC 9112, section 6.3, rule 5 would allow a list of equal values; one number in one line is what is sound.
        guard lengths.count <= 1 else { throw .repeatedContentLength(count: lengths.count) }
        guard let text = lengths.first else { return .none }
        // RFC 9110, section 8.6: 1*DIGIT, and parsing must not overflow.
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let length = Int(text) else {
            throw .invalidContentLength(text.utf8.excerpt)
        }
        return .length(length)
    }

    /// RFC 9112, sections 6.1 and 6.3, rule 4: chunked comes last, and once; other codings are not implemented. Section
    /// 7: chunked has no parameters.
    private func checkTransferEncoding() throws(HTTPError) {
        let codings = fields.listElements(of: "transfer-encoding")
        let value = codings.joined(separator: ", ")
        guard codings.last == "chunked", codings.count(where: { $0 == "chunked" }) == 1,
            codings.allSatisfy({ $0.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.utf8.isToken })
        else { throw .invalidTransferEncoding(value.utf8.excerpt) }
        guard codings.count == 1 else { throw .unsupportedTransferCoding(codings[0].utf8.excerpt) }
    }
}

extension HTTPFields {
    /// Adds a line that the parser has read.
    mutating func append(_ field: Field) {
        append(field.name, field.value)
    }
}
