/// Reads HTTP/1.x requests from bytes that arrive in any slices (RFC 9112).
///
/// It pulls: ``feed(_:)`` only stores, ``next()`` reads one step further. So nothing of a pipelined request is looked at
/// before the one ahead of it is answered. Whatever could be understood in two ways is an error, and after an error
/// nothing more is read: where the next request begins would be a guess.
package struct RequestParser: Sendable {
    /// A step of a request.
    package enum Event: Sendable, Equatable {
        /// The head is complete and sound; the body is still to be read, or to be refused for its length.
        case head(HTTPRequestHead)
        /// The request is complete.
        case request(HTTPRequest)
    }

    enum Phase: Equatable {
        case requestLine
        case fields
        case body(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailers
        case failed(HTTPError)
    }

    let limits: HTTPLimits
    var phase = Phase.requestLine

    /// Fed bytes; those before `position` are done with.
    var buffer: [UInt8] = []
    var position = 0
    /// No line feed stands in `position..<searched`.
    private var searched = 0
    /// The number of the line being read, the request line being 1.
    private(set) var lineNumber = 0

    /// What has been read of the request at hand.
    var requestLine: RequestLine?
    var fields = HTTPFields()
    /// The size of the head or trailer section read so far.
    var sectionSize = 0
    var head: HTTPRequestHead?
    var body: [UInt8] = []
    var chunkExtensionsSize = 0
    private var hasSkippedEmptyLine = false

    /// Waits for the first request of a connection.
    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// How many fed bytes have not been read yet.
    package var unreadByteCount: Int { buffer.count - position }

    /// Whether no byte of a further request has arrived.
    package var isBetweenRequests: Bool { phase == .requestLine && unreadByteCount == 0 && !hasSkippedEmptyLine }

    /// Whether a head is complete and its body is not.
    package var isReadingBody: Bool { head != nil }

    /// Adds bytes as they came from the peer. After an error they are dropped.
    package mutating func feed(_ bytes: [UInt8]) {
        if case .failed = phase { return }
        if position == buffer.count {
            buffer = bytes
            position = 0
            searched = 0
            return
        }
        if position > 0 {
            buffer.removeFirst(position)
            searched -= position
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Reads on: the next step of the request, or nil when it needs more bytes.
    ///
    /// - Throws: what is wrong with the request; again at every later call.
    package mutating func next() throws(HTTPError) -> Event? {
        do {
            let event = try advance()
            if position == buffer.count {
                // An idle connection holds no buffer.
                buffer = []
                position = 0
                searched = 0
            }
            return event
        } catch {
            phase = .failed(error)
            buffer = []
            position = 0
            searched = 0
            body = []
            throw error
        }
    }

    private mutating func advance() throws(HTTPError) -> Event? {
        while true {
            switch phase {
            case .requestLine:
                try checkFirstByte()
                guard let line = try nextLine(limit: limits.maxRequestLineLength, orThrow: requestLineTooLong) else {
                    return nil
                }
                if line.isEmpty, !hasSkippedEmptyLine {
                    // RFC 9112, section 2.2: at least one empty line before the request line is ignored.
                    hasSkippedEmptyLine = true
                    lineNumber = 0
                } else {
                    requestLine = try RequestLine(buffer[line])
                    sectionSize = line.count + 2
                    phase = .fields
                }
            case .fields:
                guard let line = try nextFieldLine() else { return nil }
                if line.isEmpty {
                    return .head(try finishHead())
                }
                try fields.append(readField(line))
            case .body(let remaining):
                let count = takeBody(atMost: remaining)
                phase = .body(remaining: remaining - count)
                if count == remaining { return finishRequest() }
                return nil
            case .chunkSize, .chunk, .chunkEnd:
                guard try readChunked() else { return nil }
            case .trailers:
                // RFC 9112, section 7.1.2: trailers are read by the rules of fields, and may be discarded.
                guard let line = try nextFieldLine() else { return nil }
                if line.isEmpty { return finishRequest() }
                try fields.append(readField(line))
            case .failed(let error):
                throw error
            }
        }
    }

    /// What cannot begin a method is refused at once: a client that speaks TLS sends no line end that could be waited for.
    private func checkFirstByte() throws(HTTPError) {
        guard unreadByteCount > 0, !buffer[position].isTokenCharacter else { return }
        guard buffer[position] == .carriageReturn || buffer[position] == .lineFeed else {
            throw .malformedRequestLine(buffer[position...].excerpt)
        }
    }

    private var requestLineTooLong: HTTPError { .requestLineTooLong(limit: limits.maxRequestLineLength) }

    private mutating func finishRequest() -> Event? {
        guard let head else { preconditionFailure("a body without a head") }
        let request = HTTPRequest(head: head, body: body)
        self = RequestParser(limits: limits, unread: buffer, from: position)
        return .request(request)
    }

    private init(limits: HTTPLimits, unread buffer: [UInt8], from position: Int) {
        self.limits = limits
        self.buffer = buffer
        self.position = position
        searched = position
    }

    /// Moves up to `limit` unread bytes to the body.
    ///
    /// - Returns: how many.
    mutating func takeBody(atMost limit: Int) -> Int {
        let count = min(limit, unreadByteCount)
        body.append(contentsOf: buffer[position..<(position + count)])
        position += count
        searched = max(searched, position)
        return count
    }

    /// The next line without its CRLF, or nil until it is complete.
    ///
    /// Only CRLF ends a line: RFC 9112, section 2.2 lets a recipient take a bare LF for a line end and forbids to do so
    /// with a bare CR, and disagreement about it between servers in a chain is what request smuggling lives on.
    ///
    /// - Throws: `tooLong` as soon as the line is longer than `limit` bytes, ``HTTPError/bareLineFeed(line:)``,
    ///   ``HTTPError/controlCharacter(_:line:)``.
    mutating func nextLine(limit: Int, orThrow tooLong: HTTPError) throws(HTTPError) -> Range<Int>? {
        guard let lineFeed = buffer[searched...].firstIndex(of: .lineFeed) else {
            searched = buffer.count
            let endsInCarriageReturn = unreadByteCount > 0 && buffer[buffer.count - 1] == .carriageReturn
            // The line may still end here, if what follows the CR is its LF.
            guard unreadByteCount <= limit + (endsInCarriageReturn ? 1 : 0) else { throw tooLong }
            return nil
        }
        lineNumber += 1
        let hasCarriageReturn = lineFeed > position && buffer[lineFeed - 1] == .carriageReturn
        let line = position..<(hasCarriageReturn ? lineFeed - 1 : lineFeed)
        guard line.count <= limit else { throw tooLong }
        guard hasCarriageReturn else { throw .bareLineFeed(line: lineNumber) }
        if let control = buffer[line].first(where: \.isForbiddenControl) {
            throw .controlCharacter(control, line: lineNumber)
        }
        position = lineFeed + 1
        searched = position
        return line
    }
}
