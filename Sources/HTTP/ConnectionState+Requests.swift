extension ConnectionState {
    /// How long after the end of stream the first probe's answer is looked for; every further wait is twice as long.
    static let firstProbeInterval = Duration.milliseconds(50)
    static let longestProbeInterval = Duration.seconds(5)

    /// Reads requests from what has arrived, until one is to be handled or answered or more bytes are needed.
    mutating func advance(at now: ContinuousClock.Instant) -> [Action] {
        var waitsForContinue = false
        do {
            while let event = try parser.next() {
                switch event {
                case .head(let head):
                    if let refusal = handler.refuse(head) {
                        // A request that ends here is complete, and the parser has to move on to the next one.
                        if head.endsRequest { _ = try parser.next() }
                        return respond(refusal, to: head, leavesBody: !head.endsRequest, at: now)
                    }
                    enter(.readingBody(since: now), until: now + min(limits.bodyTimeout, limits.bodyTotalTimeout))
                    // RFC 9110, section 10.1.1: 100 is for a client that waits; one whose body is here does not.
                    waitsForContinue = head.expectsContinue && parser.unreadByteCount == 0 && !hasReceivedEnd
                case .request(let request):
                    enter(.handling(request.head, probeInterval: .zero), until: nil)
                    let start = Action.startHandler(request)
                    return hasReceivedEnd ? [start] + startProbing(request.head, at: now) : [start]
                }
            }
        } catch {
            return respond(to: error, at: now)
        }
        return waitsForContinue ? [.sendContinue] : waitForBytes(at: now)
    }

    private mutating func waitForBytes(at now: ContinuousClock.Instant) -> [Action] {
        if hasReceivedEnd {
            // RFC 9112, section 8: a request that ends before its length says is incomplete.
            return parser.isBetweenRequests ? close() : respond(to: .incompleteRequest, at: now)
        }
        if !parser.isReadingBody, !parser.isBetweenRequests, phase != .readingHead {
            enter(.readingHead, until: now + limits.headTimeout)
        }
        return []
    }

    /// Answers an error of the server's own and closes: after it, where the next request begins would be a guess.
    mutating func respond(to error: HTTPError, at now: ContinuousClock.Instant) -> [Action] {
        enter(.writing(thenClose: true), until: now + limits.writeTimeout)
        return [.send(handler.completeResponse(to: error), ResponseFraming(connection: .close))]
    }

    /// Answers a request, and keeps the connection when both sides allow it (RFC 9112, section 9.3).
    ///
    /// - Parameter leavesBody: whether the request has a body that will not be read; it can only be got rid of with the
    ///   connection.
    mutating func respond(
        _ response: HTTPResponse, to head: HTTPRequestHead, leavesBody: Bool = false, at now: ContinuousClock.Instant
    ) -> [Action] {
        let isLast = hasReceivedEnd && parser.unreadByteCount == 0
        let closes =
            leavesBody || isLast || isShuttingDown || !head.allowsKeepAlive
            || response.headers.listElements(of: "connection").contains("close")
        enter(.writing(thenClose: closes), until: now + limits.writeTimeout)
        let option: ConnectionOption = closes ? .close : head.version == .http10 ? .keepAlive : .implicit
        return [.send(response, ResponseFraming(omitsBody: head.method == .head, connection: option))]
    }

    /// Begins to find out whether a client that has stopped sending is still there.
    ///
    /// A half-closed client and one that is gone look the same until something is sent to them. An interim response,
    /// which every HTTP/1.1 client has to skip (RFC 9110, section 15.2), makes the system of the second answer with RST,
    /// and the next one then fails. HTTP/1.0 has no interim responses: those clients are taken to be there.
    /// `docs/decisions/half-closed-clients.md` has the whole reasoning.
    mutating func startProbing(_ head: HTTPRequestHead, at now: ContinuousClock.Instant) -> [Action] {
        guard head.version == .http11 else { return [] }
        return probe(head, after: .zero, at: now)
    }

    /// Probes, and waits twice as long as before for the next time.
    mutating func probe(
        _ head: HTTPRequestHead, after interval: Duration, at now: ContinuousClock.Instant
    ) -> [Action] {
        let next = interval == .zero ? Self.firstProbeInterval : min(interval * 2, Self.longestProbeInterval)
        enter(.handling(head, probeInterval: next), until: now + next)
        return [.sendContinue]
    }
}

extension HTTPHandler {
    /// The application's answer to an error with what the error's status calls for.
    func completeResponse(to error: HTTPError) -> HTTPResponse {
        var response = response(to: error)
        for field in error.requiredHeaders.lines where response.headers[field.name] == nil {
            response.headers.append(field)
        }
        return response
    }
}
