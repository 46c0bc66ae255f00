import DequeModule
import Dispatch

/// One connection: performs on a socket what its ``ConnectionState`` decides.
///
/// Unchecked: everything mutable is touched on the loop's queue only.
final class Connection: @unchecked Sendable {
    private let socket: Socket
    private let loop: EventLoop
    private let handler: any HTTPHandler
    private let onClose: @Sendable (Connection) -> Void

    private var state: ConnectionState
    private var events: Deque<ConnectionState.Event> = []
    private var isHandlingEvents = false
    private var task: Task<Void, Never>?

    private var output: [UInt8] = []
    private var sentCount = 0
    private var isClosed = false

    private let readiness: Readiness
    private var timer: (any DispatchSourceTimer)?
    private var timerDeadline: ContinuousClock.Instant?

    /// - Parameters:
    ///   - refusal: the error that this connection is answered with as soon as it opens.
    ///   - onClose: called once, when the socket is closed.
    init(
        socket: Socket, loop: EventLoop, handler: any HTTPHandler, limits: HTTPLimits, refusal: HTTPError?,
        onClose: @escaping @Sendable (Connection) -> Void
    ) {
        self.socket = socket
        self.loop = loop
        self.handler = handler
        self.onClose = onClose
        readiness = Readiness(socket: socket, queue: loop.queue)
        state = ConnectionState(limits: limits, handler: handler, refusal: refusal)
    }

    /// Begins to serve. Called once.
    func start() {
        loop.queue.async { [self] in post(.opened) }
    }

    /// Finishes what is in flight, then closes.
    func shutdown() {
        loop.queue.async { [self] in post(.shutdown) }
    }

    /// Cancels the handler and closes.
    func abort() {
        loop.queue.async { [self] in post(.abort) }
    }

    /// Hands an event to the state and performs its actions. Events that arise meanwhile take their turn, so that a row
    /// of pipelined requests is a loop and not a recursion.
    private func post(_ event: ConnectionState.Event) {
        events.append(event)
        guard !isHandlingEvents else { return }
        isHandlingEvents = true
        while let event = events.popFirst() {
            for action in state.handle(event, at: .now) {
                perform(action)
            }
        }
        isHandlingEvents = false
        guard !isClosed else { return }
        updateTimer()
        readiness.setReading(state.wantsToRead) { [self] in receive() }
    }

    private func perform(_ action: ConnectionState.Action) {
        guard !isClosed else { return }
        switch action {
        case .send(let response, let framing):
            enqueue(ResponseEncoder.encode(response, framing: framing, date: loop.date))
        case .sendContinue:
            enqueue(ResponseEncoder.continueResponse)
        case .startHandler(let request):
            task = Task { [self] in
                let response = await handler.respond(to: request)
                loop.queue.async { [self] in
                    task = nil
                    post(.handlerFinished(response))
                }
            }
        case .cancelHandler:
            task?.cancel()
        case .finishWriting:
            socket.finishWriting()
        case .close:
            close()
        }
    }

    // MARK: Input and output

    private func receive() {
        guard state.wantsToRead else { return }
        switch socket.receive(into: &loop.receiveBuffer) {
        case .bytes(let count): post(.received(Array(loop.receiveBuffer[..<count])))
        case .endOfStream: post(.receivedEndOfStream)
        case .wouldBlock: break
        case .failed: post(.failed)
        }
    }

    private func enqueue(_ bytes: [UInt8]) {
        if output.isEmpty {
            output = bytes
        } else {
            output.append(contentsOf: bytes)
        }
        flush()
    }

    private func flush() {
        while sentCount < output.count {
            switch socket.send(output, from: sentCount) {
            case .bytes(let count):
                sentCount += count
                if sentCount < output.count { post(.writeProgressed) }
            case .wouldBlock:
                readiness.setWriting(true) { [self] in flush() }
                return
            case .endOfStream, .failed:
                post(.failed)
                return
            }
        }
        output = []
        sentCount = 0
        readiness.setWriting(false) {}
        post(.writeFinished)
    }

    // MARK: Time

    /// Sees to it that the timer fires no later than the state's deadline.
    ///
    /// A deadline that moves away, as most do, leaves the timer alone: when it fires early, it is set again.
    private func updateTimer() {
        guard let deadline = state.deadline else { return }
        if let timerDeadline, timerDeadline <= deadline { return }
        timerDeadline = deadline
        let timer = timer ?? makeTimer()
        let wait = ContinuousClock.now.duration(to: deadline).components
        let nanoseconds = wait.seconds * 1_000_000_000 + wait.attoseconds / 1_000_000_000
        timer.schedule(deadline: .now() + .nanoseconds(max(0, Int(nanoseconds))), leeway: .milliseconds(5))
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: loop.queue)
        timer.setEventHandler { [self] in
            timerDeadline = nil
            post(.timerFired)
        }
        self.timer = timer
        timer.activate()
        return timer
    }

    private func close() {
        isClosed = true
        events = []
        output = []
        task = nil
        timer?.cancel()
        timer = nil
        readiness.cancel { [self] in
            socket.close()
            onClose(self)
        }
    }
}
