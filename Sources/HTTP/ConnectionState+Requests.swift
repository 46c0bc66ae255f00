extension ConnectionState {
    /// Reads requests from what has arrived, until one is to be handled or answered or more bytes are needed.
    mutating func advance(at now: ContinuousClock.Instant) -> [Action] {
        var waitsForContinue = false
        do {
            while let event = try parser.next() {
                switch event {
                case .head(var head):
                    head.peer = peer
                    if let refusal = handler.refuse(head) {
                        // A request that ends here is complete, and the parser has to move on to the next one.
                        if head.endsRequest { _ = try parser.next() }
                        return respond(refusal, to: head, leavesBody: !head.endsRequest, at: now)
                    }
                    // Of a length that is only announced no more is held than comes at once.
                    if case .length(let length) = head.framing { try reserve(min(length, limits.maxPipelinedSize)) }
                    enter(.readingBody(since: now), until: bodyDeadline(since: now, at: now))
                    // RFC 9110, section 10.1.1: 100 is for a client that waits; one whose body is here does not.
                    waitsForContinue = head.expectsContinue && parser.unreadByteCount == 0 && !hasReceivedEnd
                case .request(var request):
                    request.head.peer = peer
                    do {
                        try reserve(request.body.count)
                    } catch {
                        return respond(to: error, of: request.head, at: now)
                    }
                    if let response = handler.respondAtOnce(to: request) {
                        return respond(response, to: request.head, at: now)
                    }
                    enter(.handling(request.head, probeInterval: .zero), until: nil)
                    let start = Action.startHandler(request)
                    return hasReceivedEnd ? [start] + startProbing(request.head, at: now) : [start]
                }
            }
            try reserve(parser.body.count)
        } catch {
            return respond(to: error, at: now)
        }
        return waitsForContinue ? [.sendContinue] : waitForBytes(at: now)
    }

    /// Sees to it that so many bytes of a body are reserved.
    private mutating func reserve(_ byteCount: Int) throws(HTTPError) {
        let missing = byteCount - reservedByteCount
        guard missing > 0 else { return }
        guard budget.reserve(missing) else { throw .outOfBuffers(length: byteCount, limit: budget.limit) }
        reservedByteCount += missing
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
    ///
    /// - Parameter head: of the request at fault, where it is not the one being read.
    mutating func respond(
        to error: HTTPError, of head: HTTPRequestHead? = nil, at now: ContinuousClock.Instant
    ) -> [Action] {
        let head = head ?? currentHead
        phase = .writing(head, thenClose: true)
        startWriting(at: now)
        return [.send(handler.completeResponse(to: error, of: head), ResponseFraming(connection: .close))]
    }

    /// The head of the request whose body is being read.
    var currentHead: HTTPRequestHead? {
        guard var head = parser.head else { return nil }
        head.peer = peer
        return head
    }

    /// Answers a request, and keeps the connection when both sides allow it (RFC 9112, section 9.3).
    ///
    /// - Parameter leavesBody: whether the request has a body that will not be read; it can only be got rid of with the
    ///   connection.
    mutating func respond(
        _ response: HTTPResponse, to head: HTTPRequestHead, leavesBody: Bool = false, at now: ContinuousClock.Instant
    ) -> [Action] {
        answeredCount += 1
        let isLast = hasReceivedEnd && parser.unreadByteCount == 0
        let isChunked = head.version == .http11
        let omitsBody = head.method == .head
        let streams = response.startsStream && !omitsBody
        let closes =
            leavesBody || isLast || isShuttingDown || !head.allowsKeepAlive || (streams && !isChunked)
            || answeredCount >= limits.maxRequestsPerConnection
            || response.headers.listElements(of: "connection").contains("close")
        let option: ConnectionOption = closes ? .close : head.version == .http10 ? .keepAlive : .implicit
        let send = Action.send(
            response, ResponseFraming(omitsBody: omitsBody, connection: option, isChunked: isChunked))
        if streams, case .stream(let stream) = response.content {
            writing = nil
            enter(.streaming(head, thenClose: closes, isChunked: isChunked), until: nil)
            return [send, .startStream(stream, isChunked: isChunked)]
        }
        phase = .writing(head, thenClose: closes)
        startWriting(at: now)
        reservedByteCount += response.body.count
        budget.add(response.body.count)
        return [send]
    }
}

extension HTTPResponse {
    /// Whether there is content to wait for.
    fileprivate var startsStream: Bool {
        guard case .stream = content else { return false }
        return status.allowsContent
    }
}

extension HTTPHandler {
    /// The application's answer to an error with what the error's status calls for.
    package func completeResponse(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        var response = response(to: error, of: head)
        for field in error.requiredHeaders.lines where response.headers[field.name] == nil {
            response.headers.append(field)
        }
        return response
    }
}
