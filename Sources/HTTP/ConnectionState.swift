/// The life of one connection, as a pure state machine: events and the time go in, actions come out.
///
/// Requests are answered in their order, one at a time (RFC 9112, section 9.3.2): the next one is not parsed before the
/// response ahead of it is written. Besides the actions, the shell mirrors two values after every event: ``deadline``,
/// when it has to send ``Event/timerFired``, and ``wantsToRead``.
package struct ConnectionState: Sendable {
    /// What happened to the connection.
    package enum Event: Sendable {
        case opened
        case received([UInt8])
        /// The peer has shut down its side. Whether it still reads is not known: see `docs/decisions`.
        case receivedEndOfStream
        /// The peer took some of the output.
        case writeProgressed
        /// All output is with the operating system.
        case writeFinished
        case handlerFinished(HTTPResponse)
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
        case cancelHandler
        /// Send FIN after the output (RFC 9112, section 9.6).
        case finishWriting
        case close
    }

    enum Phase: Equatable {
        case idle
        case readingHead
        case readingBody(since: ContinuousClock.Instant)
        case handling(HTTPRequestHead, probeInterval: Duration)
        case writing(thenClose: Bool)
        /// Closing: what still arrives is read and dropped, so that no RST overtakes the response.
        case lingering(since: ContinuousClock.Instant, drained: Int)
        case closed
    }

    let limits: HTTPLimits
    let handler: any HTTPHandler
    var parser: RequestParser
    var phase = Phase.idle
    private(set) var hasReceivedEnd = false
    private(set) var isShuttingDown = false
    private let refusal: HTTPError?

    /// When ``Event/timerFired`` is due; nil when nothing is waited for.
    package private(set) var deadline: ContinuousClock.Instant?

    /// - Parameters:
    ///   - handler: asked for refusals and error responses only.
    ///   - refusal: the error that this connection is answered with as soon as it opens, whatever it sends.
    package init(limits: HTTPLimits, handler: any HTTPHandler, refusal: HTTPError? = nil) {
        self.limits = limits
        self.handler = handler
        self.refusal = refusal
        parser = RequestParser(limits: limits)
    }

    /// Whether the shell should read. It should not while unanswered requests fill the buffer.
    package var wantsToRead: Bool {
        guard !hasReceivedEnd else { return false }
        return switch phase {
        case .idle, .readingHead, .readingBody, .lingering, .writing(thenClose: true): true
        case .handling, .writing(thenClose: false): parser.unreadByteCount < limits.maxPipelinedSize
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
        case .received(let bytes): return receive(bytes, at: now)
        case .receivedEndOfStream:
            hasReceivedEnd = true
            return receiveEnd(at: now)
        case .writeProgressed:
            if case .writing = phase { deadline = now + limits.writeTimeout }
            return []
        case .writeFinished: return finishWrite(at: now)
        case .handlerFinished(let response):
            guard case .handling(let head, _) = phase else { return [] }
            return respond(response, to: head, at: now)
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
            deadline = min(now + limits.bodyTimeout, start + limits.bodyTotalTimeout)
            return advance(at: now)
        case .handling, .writing(thenClose: false):
            parser.feed(bytes)
            return []
        case .writing(thenClose: true), .closed:
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
        case .writing, .closed: return []
        }
    }

    private mutating func finishWrite(at now: ContinuousClock.Instant) -> [Action] {
        guard case .writing(let thenClose) = phase else { return [] }
        if thenClose || (isShuttingDown && parser.isBetweenRequests) {
            if hasReceivedEnd { return close() }
            linger(since: now, drained: 0, at: now)
            return [.finishWriting]
        }
        enter(.idle, until: now + limits.idleTimeout)
        return advance(at: now)
    }

    private mutating func expire(at now: ContinuousClock.Instant) -> [Action] {
        switch phase {
        case .readingHead: return respond(to: .headTimeout(limits.headTimeout), at: now)
        case .readingBody(let start):
            let isTotal = now >= start + limits.bodyTotalTimeout
            return respond(to: .bodyTimeout(isTotal ? limits.bodyTotalTimeout : limits.bodyTimeout), at: now)
        case .handling(let head, let interval): return probe(head, after: interval, at: now)
        // RFC 9110, section 15.5.9 would allow 408 to an idle client too, which some take for the answer to a request
        // that they are just sending.
        case .idle, .writing, .lingering, .closed: return close()
        }
    }

    mutating func linger(since start: ContinuousClock.Instant, drained: Int, at now: ContinuousClock.Instant) {
        let deadline = min(now + limits.lingerTimeout, start + limits.lingerTotalTimeout)
        enter(.lingering(since: start, drained: drained), until: deadline)
    }

    /// Ends the connection at once.
    mutating func close() -> [Action] {
        defer { enter(.closed, until: nil) }
        if case .handling = phase { return [.cancelHandler, .close] }
        return [.close]
    }
}
