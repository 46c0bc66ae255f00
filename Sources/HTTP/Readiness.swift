import Dispatch

/// Tells when a socket can be read or written, while it is asked to.
///
/// Belongs to one queue. Sources are made when first needed: an idle connection has no write source.
final class Readiness {
    private let socket: Socket
    private let queue: DispatchQueue
    private var readSource: (any DispatchSourceRead)?
    private var writeSource: (any DispatchSourceWrite)?
    private var isReading = false
    private var isWriting = false

    init(socket: Socket, queue: DispatchQueue) {
        self.socket = socket
        self.queue = queue
    }

    /// Turns the read source on or off. The handler of the first call is the one that is kept.
    func setReading(_ isOn: Bool, handler: @escaping @Sendable () -> Void) {
        guard isOn != isReading else { return }
        isReading = isOn
        if let readSource {
            isOn ? readSource.resume() : readSource.suspend()
        } else {
            let source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor, queue: queue)
            source.setEventHandler(handler: handler)
            source.activate()
            readSource = source
        }
    }

    /// Turns the write source on or off. The handler of the first call is the one that is kept.
    func setWriting(_ isOn: Bool, handler: @escaping @Sendable () -> Void) {
        guard isOn != isWriting else { return }
        isWriting = isOn
        if let writeSource {
            isOn ? writeSource.resume() : writeSource.suspend()
        } else {
            let source = DispatchSource.makeWriteSource(fileDescriptor: socket.descriptor, queue: queue)
            source.setEventHandler(handler: handler)
            source.activate()
            writeSource = source
        }
    }

    /// Ends the sources, then calls `completion` on the queue: only then may the descriptor be closed, since its number
    /// could belong to another connection at once.
    func cancel(completion: @escaping @Sendable () -> Void) {
        let group = DispatchGroup()
        for source in [readSource, writeSource] as [(any DispatchSourceProtocol)?] {
            guard let source else { continue }
            group.enter()
            source.setCancelHandler { group.leave() }
            source.cancel()
        }
        // A suspended source never runs its cancel handler.
        if !isReading { readSource?.resume() }
        if !isWriting { writeSource?.resume() }
        readSource = nil
        writeSource = nil
        group.notify(queue: queue, execute: completion)
    }
}
