/// The life of one connection, as a pure state machine: events and the time go in, actions come out.
///
/// Requests are answered in their order, one at a time (RFC 9112, section 9.3.2): the next one is not parsed before the
/// response ahead of it is written. Besides the actions, the shell mirrors two values after every event: ``deadline``,
/// when it has to send ``Event/timerFired``, and ``wantsToRead``.
package struct ConnectionState: Sendable {
    /// What happened to the connection.
    package enum Event: Sendable {
        case opened
        /// The shell has found out that nothing can be read here.
        case refused(HTTPError)
        case received([UInt8])
        /// The peer has shut down its side. Whether it still reads is not known: see `docs/decisions`.
        case receivedEndOfStream
        /// The peer took so many bytes of the output, not all.
        case writeProgressed(Int)
        /// All output is with the operating system.
        case writeFinished
        case handlerFinished(HTTPResponse)
        /// The peer takes nothing at the moment.
        case writeBlocked
        case streamFinished
        case timerFired
        /// The socket is broken: the peer is gone.
        case failed
        /// The server shuts down: finish what is in flight.
        case shutdown
        /// The server's shutdown deadline has passed.
        case abort
    }

    /// What the shell has to do, in order.
    package enum Action: Sendable, Equatable {
        case send(HTTPResponse, ResponseFraming)
        case sendContinue
        case startHandler(HTTPRequest)
        /// Of the handler or of the stream.
        case cancelHandler
        /// Let the stream write, each piece as a chunk or as it is.
        case startStream(HTTPBodyStream, isChunked: Bool)
        /// The stream is complete: tell when its output is with the operating system.
        case finishStream(isChunked: Bool)
        /// Send FIN after the output (RFC 9112, section 9.6).
        case finishWriting
        case report(HTTPServerEvent)
        case close
    }

    enum Phase: Equatable {
        case idle
        case readingHead
        case readingBody(since: ContinuousClock.Instant)
        case handling(HTTPRequestHead, probeInterval: Duration)
        case streaming(HTTPRequestHead, thenClose: Bool, isChunked: Bool)
        case writing(HTTPRequestHead?, thenClose: Bool)
        /// Closing: what still arrives is read and dropped, so that no RST overtakes the response.
        case lingering(since: ContinuousClock.Instant, drained: Int)
        case closed
    }

    /// How far the peer has come with taking the output.
    struct Writing: Equatable {
        var since: ContinuousClock.Instant
        var byteCount = 0
    }

    let limits: HTTPLimits
    let handler: any HTTPHandler
    let budget: ByteBudget
    let peer: String?
    var parser: RequestParser
    var phase = Phase.idle
    var writing: Writing?
    /// What the request and the response at hand take of the budget.
    var reservedByteCount = 0
    var answeredCount = 0
    private(set) var hasReceivedEnd = false
    private(set) var isShuttingDown = false
    private let refusal: HTTPError?

    /// When ``Event/timerFired`` is due; nil when nothing is waited for.
    package internal(set) var deadline: ContinuousClock.Instant?

    /// - Parameters:
    ///   - handler: asked for refusals, error responses and what it answers at once.
    ///   - budget: what this connection shares with others.
    ///   - peer: the address of the other end, told with every head.
    ///   - refusal: the error that this connection is answered with as soon as it opens, whatever it sends.
    package init(
        limits: HTTPLimits, handler: any HTTPHandler, budget: ByteBudget? = nil, peer: String? = nil,
        refusal: HTTPError? = nil
    ) {
        self.limits = limits
        self.handler = handler
        self.budget = budget ?? ByteBudget(limit: limits.maxBufferedSize)
        self.peer = peer
        self.refusal = refusal
        parser = RequestParser(limits: limits)
    }

    /// Whether the shell should read. It should not while unanswered requests fill the buffer.
    package var wantsToRead: Bool {
        guard !hasReceivedEnd else { return false }
        return switch phase {
        case .idle, .readingHead, .readingBody, .lingering, .writing(_, thenClose: true): true
        case .handling, .streaming, .writing(_, thenClose: false): parser.unreadByteCount < limits.maxPipelinedSize
        case .closed: false
        }
    }

    /// Takes one event.
    package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
        if phase == .closed { return [] }
        switch event {
        case .opened:
            if let refusal { return respond(to: refusal, at: now) }
            enter(.idle, until: now + limits.idleTimeout)
            return []
        case .refused(let error): return respond(to: error, at: now)
        case .received(let bytes): return receive(bytes, at: now)
        case .receivedEndOfStream:
            hasReceivedEnd = true
            return receiveEnd(at: now)
        case .writeProgressed(let count):
            progressWriting(count, at: now)
            return []
        case .writeFinished: return finishWrite(at: now)
        case .handlerFinished(let response):
            guard case .handling(let head, _) = phase else { return [] }
            return respond(response, to: head, at: now)
        case .writeBlocked:
            // Else it is an answer, whose time runs already, or the encryption's own output, which answers nothing.
            if case .streaming = phase, writing == nil { startWriting(at: now) }
            return []
        case .streamFinished:
            guard case .streaming(let head, let thenClose, let isChunked) = phase else { return [] }
            phase = .writing(head, thenClose: thenClose)
            startWriting(at: now)
            return [.finishStream(isChunked: isChunked)]
        case .timerFired:
            guard let deadline, now >= deadline else { return [] }
            return expire(at: now)
        case .failed, .abort: return close()
        case .shutdown:
            isShuttingDown = true
            return phase == .idle ? close() : []
        }
    }

    mutating func enter(_ phase: Phase, until deadline: ContinuousClock.Instant?) {
        self.phase = phase
        self.deadline = deadline
    }

    private mutating func receive(_ bytes: [UInt8], at now: ContinuousClock.Instant) -> [Action] {
        switch phase {
        case .idle, .readingHead:
            parser.feed(bytes)
            return advance(at: now)
        case .readingBody(let start):
            parser.feed(bytes)
            let actions = advance(at: now)
            if case .readingBody = phase { deadline = bodyDeadline(since: start, at: now) }
            return actions
        case .handling, .streaming, .writing(_, thenClose: false):
            parser.feed(bytes)
            return []
        case .writing(_, thenClose: true), .closed:
            return []
        case .lingering(let start, let drained):
            guard bytes.count <= limits.maxLingerSize - drained else { return close() }
            linger(since: start, drained: drained + bytes.count, at: now)
            return []
        }
    }

    private mutating func receiveEnd(at now: ContinuousClock.Instant) -> [Action] {
        switch phase {
        case .idle, .readingHead, .readingBody: return advance(at: now)
        case .handling(let head, _): return startProbing(head, at: now)
        case .lingering: return close()
        // A stream finds out by itself that its client has gone.
        case .streaming, .writing, .closed: return []
        }
    }

    private mutating func finishWrite(at now: ContinuousClock.Instant) -> [Action] {
        writing = nil
        switch phase {
        case .streaming:
            // What comes next of it may take its time.
            deadline = nil
            return []
        case .writing(_, let thenClose):
            releaseBytes()
            if thenClose || (isShuttingDown && parser.isBetweenRequests) {
                if hasReceivedEnd {
                    phase = .idle
                    return close()
                }
                linger(since: now, drained: 0, at: now)
                return [.finishWriting]
            }
            enter(.idle, until: now + limits.idleTimeout)
            return advance(at: now)
        default: return []
        }
    }

    mutating func linger(since start: ContinuousClock.Instant, drained: Int, at now: ContinuousClock.Instant) {
        let deadline = min(now + limits.lingerTimeout, start + limits.lingerTotalTimeout)
        enter(.lingering(since: start, drained: drained), until: deadline)
    }

    /// Ends the connection at once.
    mutating func close() -> [Action] {
        defer {
            releaseBytes()
            enter(.closed, until: nil)
        }
        switch phase {
        case .handling, .streaming: return [.cancelHandler, .close]
        case .readingBody: return [currentHead.map { .report(.incomplete($0)) }, .close].compactMap(\.self)
        case .writing(let head?, _): return [.report(.unread(head)), .close]
        default: return [.close]
        }
    }

    /// Gives back what the request and the response have taken of the budget, or so much of it.
    mutating func releaseBytes(_ count: Int = .max) {
        let released = min(count, reservedByteCount)
        budget.release(released)
        reservedByteCount -= released
    }
}
