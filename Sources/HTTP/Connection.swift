import DequeModule
import Dispatch
import TLS

/// One connection: performs on a socket what its ``ConnectionState`` decides.
///
/// Unchecked: everything mutable is touched on the loop's queue only.
final class Connection: @unchecked Sendable, EventLoop.Client {
    /// How long a connection may go on before others of its loop have their turn.
    private static let turn = Duration.milliseconds(1)

    /// The numeric address of the other end; nil of a Unix socket.
    let peer: String?
    private let socket: Socket
    private let loop: EventLoop
    private let handler: any HTTPHandler
    private let limits: HTTPLimits
    private let observer: (any HTTPObserver)?
    private let onClose: @Sendable (Connection) -> Void

    private var state: ConnectionState
    private var events: Deque<ConnectionState.Event> = []
    private var isHandlingEvents = false
    private var task: Task<Void, Never>?

    private var output: [UInt8] = []
    private var sentCount = 0
    private var isClosed = false
    /// Whether the state waits to hear that its output, and not the encryption's alone, is with the system.
    private var owesWriteFinished = false
    /// Of the stream: who waits until the client has taken more.
    private var streamWaiter: CheckedContinuation<Void, Never>?

    private let context: TLSContext?
    /// nil where bytes travel as they are.
    private var channel: SecureChannel?
    /// Until when the peer may take to agree on the encryption; nil once it has, or need not.
    private var handshakeDeadline: ContinuousClock.Instant?

    private var token: EventLoop.Token?
    private var isReading = false
    private var isWriting = false
    /// When the loop tells the time.
    private var appointment: ContinuousClock.Instant?

    /// - Parameters:
    ///   - context: of the encryption; nil sends all as it is.
    ///   - refusal: the error that this connection is answered with as soon as it opens.
    ///   - onClose: called once, when the socket is closed.
    init(
        socket: Socket, peer: String?, loop: EventLoop, context: TLSContext?, shared: HTTPServer.Shared,
        refusal: HTTPError?, onClose: @escaping @Sendable (Connection) -> Void
    ) {
        self.socket = socket
        self.peer = peer
        self.loop = loop
        self.context = context
        handler = shared.handler
        limits = shared.limits
        observer = shared.observer
        self.onClose = onClose
        state = ConnectionState(
            limits: shared.limits, handler: shared.handler, budget: shared.budget, peer: peer, refusal: refusal)
    }

    /// Begins to serve. Called once.
    func start() {
        loop.queue.async { [self] in
            guard !isClosed else { return }
            token = loop.watch(socket, for: self)
            guard token != nil, beginEncryption() else { return post(.failed) }
            if channel == nil { return post(.opened) }
            handshakeDeadline = .now + limits.handshakeTimeout
            updateTimer()
            updateInterest()
        }
    }

    /// - Returns: false where there is no memory for it.
    private func beginEncryption() -> Bool {
        guard let context else { return true }
        do throws(TLSError) {
            channel = try SecureChannel(context)
            return true
        } catch {
            observer?.observe(.encryptionFailed)
            return false
        }
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
        if !isHandlingEvents { handleEvents() }
    }

    private func handleEvents() {
        isHandlingEvents = true
        let end = ContinuousClock.now + Self.turn
        while let event = events.popFirst() {
            let now = ContinuousClock.now
            for action in state.handle(event, at: now) {
                perform(action)
            }
            if now > end, !events.isEmpty {
                // A long row of requests lets other connections go first.
                loop.queue.async { [self] in handleEvents() }
                break
            }
        }
        isHandlingEvents = false
        guard !isClosed else { return }
        updateTimer()
        updateInterest()
    }

    private func perform(_ action: ConnectionState.Action) {
        guard !isClosed else { return }
        switch action {
        case .send(let response, let framing):
            send(ResponseEncoder.encode(response, framing: framing, date: loop.date))
        case .sendContinue:
            send(ResponseEncoder.continueResponse)
        case .startHandler(let request):
            task = Task { [self] in
                let response = await handler.respond(to: request)
                loop.queue.async { [self] in
                    task = nil
                    post(.handlerFinished(response))
                }
            }
        case .startStream(let stream, let isChunked):
            task = Task { [self] in
                await stream.run(HTTPBodyWriter { [self] bytes in await write(bytes, isChunked: isChunked) })
                loop.queue.async { [self] in
                    task = nil
                    post(.streamFinished)
                }
            }
        case .cancelHandler:
            task?.cancel()
        case .finishStream(let isChunked):
            send(isChunked ? ResponseEncoder.lastChunk : [])
        case .finishWriting:
            // The output is empty; a peer that takes not even this has no use for it.
            if let channel { _ = socket.send(channel.close(), from: 0) }
            socket.finishWriting()
        case .report(let event):
            observer?.observe(event)
        case .close:
            close()
        }
    }

    // MARK: Input and output

    func becameReady(toRead: Bool, toWrite: Bool) {
        if toWrite, isWriting { flush() }
        if toRead, isReading, !isClosed { receive() }
        // Broken, and nobody reads or writes: else the loop would be told so for ever.
        if toRead, toWrite, !isReading, !isWriting, !isClosed { post(.failed) }
    }

    private func receive() {
        switch socket.receive(into: &loop.receiveBuffer) {
        case .bytes(let count):
            observer?.observe(.received(count))
            let bytes = Array(loop.receiveBuffer[..<count])
            if let channel {
                receive(bytes, through: channel)
            } else {
                post(.received(bytes))
            }
        case .endOfStream: post(.receivedEndOfStream)
        case .wouldBlock: break
        case .failed: post(.failed)
        }
    }

    private func receive(_ bytes: [UInt8], through channel: SecureChannel) {
        let arrival = channel.receive(bytes)
        if case .plainText = arrival {
            self.channel = nil
            handshakeDeadline = nil
            post(.refused(.plainTextToTLS))
            return
        }
        write(channel.takeOutput())
        guard !isClosed else { return }
        updateInterest()
        if handshakeDeadline != nil, channel.isEstablished {
            handshakeDeadline = nil
            post(.opened)
        }
        switch arrival {
        case .data(let data, let isEnd):
            if !data.isEmpty { post(.received(data)) }
            if isEnd, !isClosed { post(.receivedEndOfStream) }
        case .failed, .plainText:
            observer?.observe(.encryptionFailed)
            post(.failed)
        }
    }

    private func send(_ bytes: [UInt8]) {
        owesWriteFinished = true
        guard let channel else { return write(bytes) }
        guard let encrypted = channel.encrypt(bytes) else { return post(.failed) }
        write(encrypted)
    }

    /// Puts bytes on the wire as they are.
    private func write(_ bytes: [UInt8]) {
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
                observer?.observe(.sent(count))
                sentCount += count
                if sentCount < output.count { post(.writeProgressed(count)) }
            case .wouldBlock:
                // What was sent need not be kept for a reader who takes his time.
                if sentCount > output.count / 2 {
                    output.removeFirst(sentCount)
                    sentCount = 0
                }
                post(.writeBlocked)
                resumeStream()
                return
            case .endOfStream, .failed:
                post(.failed)
                return
            }
        }
        output = []
        sentCount = 0
        resumeStream()
        guard owesWriteFinished else { return }
        owesWriteFinished = false
        post(.writeFinished)
    }

    /// A piece of the stream; returns when there is room for the next one, or nobody to send it to.
    private func write(_ bytes: [UInt8], isChunked: Bool) async {
        await withCheckedContinuation { continuation in
            loop.queue.async { [self] in
                guard !isClosed else {
                    continuation.resume()
                    return
                }
                streamWaiter = continuation
                send(isChunked ? ResponseEncoder.chunk(bytes) : bytes)
            }
        }
    }

    private func resumeStream() {
        guard isClosed || output.count - sentCount < limits.maxStreamedAhead else { return }
        streamWaiter?.resume()
        streamWaiter = nil
    }

    // MARK: What the loop is asked for

    private func updateInterest() {
        // Who does not read is not read either: with TLS, what it sends may make output without end.
        let unsentCount = output.count - sentCount
        let (reading, writing) = (state.wantsToRead && unsentCount < limits.maxStreamedAhead, unsentCount > 0)
        guard let token, reading != isReading || writing != isWriting else { return }
        isReading = reading
        isWriting = writing
        loop.setInterest(socket, token, reading: reading, writing: writing)
    }

    /// Sees to it that the loop tells the time no later than the state's deadline.
    ///
    /// A deadline that moves away, as most do, leaves the appointment alone: when it is early, another one is made.
    private func updateTimer() {
        guard let deadline = handshakeDeadline ?? state.deadline, let token else { return }
        if let appointment, appointment <= deadline { return }
        appointment = deadline
        loop.schedule(token, at: deadline)
    }

    func timerFired(at time: ContinuousClock.Instant) {
        // An appointment that an earlier one has replaced.
        guard appointment == time else { return }
        appointment = nil
        if let handshakeDeadline, handshakeDeadline <= .now {
            observer?.observe(.timedOut(.handshake))
            post(.failed)
        } else {
            post(.timerFired)
        }
    }

    private func close() {
        isClosed = true
        // The peer can tell an end from a connection that was cut (RFC 8446, section 6.1).
        if let channel, output.isEmpty { _ = socket.send(channel.close(), from: 0) }
        events = []
        output = []
        sentCount = 0
        task = nil
        resumeStream()
        if let token { loop.forget(socket, token) }
        socket.close()
        onClose(self)
    }
}
