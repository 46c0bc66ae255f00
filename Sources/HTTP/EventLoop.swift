import CSockets
import Dispatch
import Glibc
import HeapModule

/// A serial queue that many connections share, with what they can share because they run one after the other.
///
/// A few loops serve any number of connections: a queue for each would make threads under load. The loop has one epoll
/// instance for all of its sockets, and Dispatch watches that: so a burst of requests wakes a thread once, and an idle
/// connection costs no source.
///
/// Unchecked: the mutable parts are touched on `queue` only.
final class EventLoop: @unchecked Sendable {
    /// Whom the loop tells what happens to a socket.
    protocol Client: AnyObject {
        /// The socket can be read or written, or is broken.
        func becameReady(toRead: Bool, toWrite: Bool)
        /// The time has come that was asked for, or an earlier one that was asked for before.
        func timerFired(at time: ContinuousClock.Instant)
    }

    /// Names a client for as long as it is watched.
    typealias Token = UInt64

    private struct Appointment: Comparable {
        let time: ContinuousClock.Instant
        let token: Token

        static func < (left: Appointment, right: Appointment) -> Bool { left.time < right.time }
    }

    /// How many events are taken at a time.
    private static let eventCount = 256
    /// How long events are taken before other work of the queue has its turn: else clients that are always ready, such
    /// as those that ask for much and read it slowly, would keep new ones out.
    private static let turn = Duration.milliseconds(2)

    let queue: DispatchQueue
    /// Where connections receive, before they keep what came.
    var receiveBuffer = [UInt8](repeating: 0, count: 64 * 1024)

    private let poll: Int32
    private var source: (any DispatchSourceRead)?
    private var events = [epoll_event](repeating: epoll_event(), count: eventCount)
    private var clients: [Token: any Client] = [:]
    private var nextToken: Token = 0

    private var appointments = Heap<Appointment>()
    private var timer: (any DispatchSourceTimer)?
    private var timerTime: ContinuousClock.Instant?

    private var dateSecond = -1
    private var dateText = ""

    /// - Throws: `ListenerError.systemCall` where the system has no descriptor for it
    init(index: Int) throws(ListenerError) {
        queue = DispatchQueue(label: "http.loop.\(index)")
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw .systemCall("epoll_create1", address: "event loop \(index)", code: errno) }
        let source = DispatchSource.makeReadSource(fileDescriptor: poll, queue: queue)
        source.setEventHandler { [weak self] in self?.takeEvents() }
        source.setCancelHandler { [poll] in _ = Glibc.close(poll) }
        source.activate()
        self.source = source
    }

    deinit {
        source?.cancel()
        timer?.cancel()
    }

    /// The present `Date`, formatted once a second.
    var date: String {
        let second = max(0, time(nil))
        if second != dateSecond {
            dateSecond = second
            dateText = HTTPDate.text(secondsSince1970: second)
        }
        return dateText
    }

    // MARK: Sockets

    /// Watches a socket for a client, at first for nothing. The client is kept until it is forgotten.
    ///
    /// - Returns: nil where the system cannot watch another one.
    func watch(_ socket: Socket, for client: any Client) -> Token? {
        let token = nextToken
        nextToken += 1
        var event = epoll_event(events: 0, data: epoll_data_t(u64: token))
        guard epoll_ctl(poll, EPOLL_CTL_ADD, socket.descriptor, &event) == 0 else { return nil }
        clients[token] = client
        return token
    }

    /// Changes what the client is told of.
    func setInterest(_ socket: Socket, _ token: Token, reading: Bool, writing: Bool) {
        let flags = (reading ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: flags, data: epoll_data_t(u64: token))
        // It can only fail of a socket that is not watched.
        _ = epoll_ctl(poll, EPOLL_CTL_MOD, socket.descriptor, &event)
    }

    /// Ends the watch. The socket may be closed at once: of events that were taken already nobody is told.
    func forget(_ socket: Socket, _ token: Token) {
        var event = epoll_event()
        _ = epoll_ctl(poll, EPOLL_CTL_DEL, socket.descriptor, &event)
        clients[token] = nil
        dropStaleAppointments()
    }

    private func takeEvents() {
        let end = ContinuousClock.now + Self.turn
        while true {
            let count = Int(epoll_wait(poll, &events, Int32(Self.eventCount), 0))
            guard count > 0 else { return }
            for index in 0..<count {
                // What is left of them is told again, after that of the others.
                guard ContinuousClock.now < end else { return }
                let (flags, token) = (events[index].events, events[index].data.u64)
                let isBroken = flags & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
                clients[token]?.becameReady(
                    toRead: isBroken || flags & EPOLLIN.rawValue != 0,
                    toWrite: isBroken || flags & EPOLLOUT.rawValue != 0)
            }
        }
    }

    // MARK: Time

    /// Tells the client at this time, or a little later.
    func schedule(_ token: Token, at time: ContinuousClock.Instant) {
        appointments.insert(Appointment(time: time, token: token))
        setTimer()
    }

    /// Connections that come and go by the thousand leave appointments behind that nobody keeps.
    private func dropStaleAppointments() {
        guard appointments.count > 1024, appointments.count > 8 * clients.count else { return }
        appointments = Heap(appointments.unordered.filter { clients[$0.token] != nil })
    }

    private func setTimer() {
        guard let next = appointments.min?.time else { return }
        if let timerTime, timerTime <= next { return }
        timerTime = next
        let wait = ContinuousClock.now.duration(to: next).components
        let nanoseconds = wait.seconds * 1_000_000_000 + wait.attoseconds / 1_000_000_000
        let timer = timer ?? makeTimer()
        timer.schedule(deadline: .now() + .nanoseconds(max(0, Int(nanoseconds))), leeway: .milliseconds(5))
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak self] in self?.keepAppointments() }
        self.timer = timer
        timer.activate()
        return timer
    }

    private func keepAppointments() {
        timerTime = nil
        let now = ContinuousClock.now
        while let next = appointments.min, next.time <= now {
            appointments.removeMin()
            clients[next.token]?.timerFired(at: next.time)
        }
        setTimer()
    }
}
