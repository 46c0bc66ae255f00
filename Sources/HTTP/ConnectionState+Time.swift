/// How long everything may take.
extension ConnectionState {
    /// How long after the end of stream the first probe's answer is looked for; every further wait is twice as long.
    static let firstProbeInterval = Duration.milliseconds(50)
    static let longestProbeInterval = Duration.seconds(5)

    /// A body may pause for so long, take so long in all, and must come at a rate, or it would hold its connection with a
    /// byte now and then.
    func bodyDeadline(since start: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> ContinuousClock.Instant
    {
        min(
            now + limits.bodyTimeout, start + limits.bodyTotalTimeout,
            bodyRateDeadline(since: start) ?? now + limits.bodyTimeout)
    }

    private func bodyRateDeadline(since start: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        time(for: parser.body.count, at: limits.minBodyRate).map { start + limits.bodyGrace + $0 }
    }

    /// Why a body is given up at its deadline.
    private func bodyError(since start: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> HTTPError {
        if now >= start + limits.bodyTotalTimeout { return .bodyTimeout(limits.bodyTotalTimeout) }
        if let deadline = bodyRateDeadline(since: start), now >= deadline {
            return .bodyTooSlow(bytesPerSecond: limits.minBodyRate)
        }
        return .bodyTimeout(limits.bodyTimeout)
    }

    /// Output waits for the client from now on.
    mutating func startWriting(at now: ContinuousClock.Instant) {
        writing = Writing(since: now)
        deadline = now + limits.writeTimeout
    }

    /// The client has taken some of the output: it must go on, and not be too slow on the whole.
    mutating func progressWriting(_ count: Int, at now: ContinuousClock.Instant) {
        guard var progress = writing else { return }
        progress.byteCount += count
        writing = progress
        releaseBytes(count)
        let atRate = time(for: progress.byteCount, at: limits.minWriteRate).map { $0 + limits.writeTimeout }
        let total = min(limits.writeTotalTimeout, atRate ?? limits.writeTotalTimeout)
        deadline = min(now + limits.writeTimeout, progress.since + total)
    }

    /// nil where no rate is asked for.
    private func time(for byteCount: Int, at bytesPerSecond: Int) -> Duration? {
        bytesPerSecond > 0 ? .milliseconds(byteCount * 1000 / bytesPerSecond) : nil
    }

    /// The deadline has passed.
    mutating func expire(at now: ContinuousClock.Instant) -> [Action] {
        switch phase {
        case .readingHead: return respond(to: .headTimeout(limits.headTimeout), at: now)
        case .readingBody(let start): return respond(to: bodyError(since: start, at: now), at: now)
        case .handling(let head, let interval): return probe(head, after: interval, at: now)
        // RFC 9110, section 15.5.9 would allow 408 to an idle client too, which some take for the answer to a request
        // that they are just sending.
        case .idle: return [.report(.timedOut(.idle))] + close()
        case .streaming, .writing: return [.report(.timedOut(.write))] + close()
        case .lingering, .closed: return close()
        }
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
    private mutating func probe(
        _ head: HTTPRequestHead, after interval: Duration, at now: ContinuousClock.Instant
    ) -> [Action] {
        let next = interval == .zero ? Self.firstProbeInterval : min(interval * 2, Self.longestProbeInterval)
        enter(.handling(head, probeInterval: next), until: now + next)
        return [.sendContinue]
    }
}
