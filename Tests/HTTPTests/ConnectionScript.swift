import HTTP

/// Drives a ``ConnectionState`` by hand: a clock that moves when told to, no socket, actions as short texts.
struct ConnectionScript {
    private(set) var state: ConnectionState
    private var now = ContinuousClock.now
    private var request: HTTPRequest?

    init(refusal: HTTPError? = nil, limits: HTTPLimits = HTTPLimits(), budget: ByteBudget? = nil) {
        state = ConnectionState(limits: limits, handler: TestHandler(), budget: budget, refusal: refusal)
    }

    /// The actions that an event causes: `send 200 keep`, `continue`, `handle GET /`, `cancel`, `fin`, `close`.
    mutating func on(_ event: ConnectionState.Event) -> [String] {
        let actions = state.handle(event, at: now)
        for case .startHandler(let started) in actions { request = started }
        return actions.map(Self.description)
    }

    mutating func receive(_ text: String) -> [String] {
        on(.received(Array(text.utf8)))
    }

    /// The handler answers the request that it was started with last.
    mutating func answer() -> [String] {
        guard let request else { return ["no handler is running"] }
        return on(.handlerFinished(TestHandler.answer(to: request)))
    }

    /// Lets time pass; fires the timer if it is due by then.
    mutating func wait(_ duration: Duration) -> [String] {
        let end = now + duration
        var actions: [String] = []
        while let deadline = state.deadline, deadline <= end {
            now = deadline
            actions += on(.timerFired)
            if state.deadline == deadline { return actions + ["the timer is stuck"] }
        }
        now = end
        return actions
    }

    private static func description(_ action: ConnectionState.Action) -> String {
        switch action {
        case .send(let response, let framing):
            "send \(response.status.code) \(framing.connection)\(framing.omitsBody ? " without body" : "")"
        case .sendContinue: "continue"
        case .startHandler(let request):
            "handle \(request.method) \(request.path)\(request.body.isEmpty ? "" : " " + String(decoding: request.body, as: UTF8.self))"
        case .cancelHandler: "cancel"
        case .startStream(_, let isChunked): "stream\(isChunked ? " in chunks" : "")"
        case .finishStream: "end of stream"
        case .report(.unread): "report unread"
        case .report(.incomplete): "report incomplete"
        case .report(.timedOut(let time)): "report timedOut(\(time.rawValue))"
        case .report(let event): "report \(event)"
        case .finishWriting: "fin"
        case .close: "close"
        }
    }
}
