import Confinement
import Dispatch
import Foundation
import Synchronization

/// Writes lines to a file descriptor on a thread of its own, so that who logs never waits for who reads.
///
/// Lines are kept in a buffer of bounded size. What comes while it is full, or cannot be written, is dropped and counted;
/// when there is room again a line says how many were lost.
package final class LogWriter: Sendable {
    /// Bytes that wait to be written, at most.
    package static let defaultCapacity = 4 << 20

    /// How long the first line of a batch waits for others.
    private static let gatheringMicroseconds: UInt32 = 1000

    private struct State: Sendable {
        var buffer: [UInt8] = []
        var lineCount = 0
        /// Since a line said so last.
        var unreportedDrops = 0
        var isWriting = false
        var waiters: [DispatchSemaphore] = []
    }

    private let descriptor: Int32
    private let capacity: Int
    private let report: @Sendable (_ dropped: Int) -> [UInt8]
    private let state = Confined(State())
    private let wake = DispatchSemaphore(value: 0)
    private let dropped = Atomic<Int>(0)

    /// Starts the thread, which lives as long as the process.
    ///
    /// - Parameters:
    ///   - descriptor: stays the caller's, who must not close it.
    ///   - report: the line that says how many were dropped, its line feed included.
    package init(
        descriptor: Int32, capacity: Int = defaultCapacity, report: @escaping @Sendable (_ dropped: Int) -> [UInt8]
    ) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.report = report
        let thread = Thread { [self] in run() }
        thread.name = "log"
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Lines that were lost so far.
    package var droppedCount: Int { dropped.load(ordering: .relaxed) }

    /// Takes a line, its line feed included, or drops it. Never waits for the descriptor.
    package func write(_ line: [UInt8]) {
        let wasIdle = state.withState { state -> Bool in
            guard state.buffer.count + line.count <= capacity else {
                state.unreportedDrops += 1
                dropped.wrappingAdd(1, ordering: .relaxed)
                return false
            }
            state.buffer.append(contentsOf: line)
            state.lineCount += 1
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if wasIdle { wake.signal() }
    }

    /// Waits until everything so far is written or dropped, but no longer than `limit`: a reader that is stuck must not
    /// keep the process from ending.
    package func flush(within limit: DispatchTimeInterval) {
        let done = DispatchSemaphore(value: 0)
        let isIdle = state.withState { state in
            if state.isWriting { state.waiters.append(done) }
            return !state.isWriting
        }
        if !isIdle { _ = done.wait(timeout: .now() + limit) }
    }

    // MARK: The writing thread

    private func run() {
        while true {
            wake.wait()
            while true {
                // Lines that come in quick succession are written at once: a change of threads costs more than a line.
                usleep(Self.gatheringMicroseconds)
                guard let batch = nextBatch() else { break }
                var bytes = batch.bytes
                if batch.drops > 0 { bytes.append(contentsOf: report(batch.drops)) }
                if !writeAll(bytes) { dropped.wrappingAdd(batch.lineCount, ordering: .relaxed) }
            }
        }
    }

    private struct Batch: Sendable {
        let bytes: [UInt8]
        let lineCount: Int
        let drops: Int
    }

    /// nil where there is nothing more to write.
    private func nextBatch() -> Batch? {
        state.withState { state in
            guard !state.buffer.isEmpty else {
                state.isWriting = false
                for waiter in state.waiters { waiter.signal() }
                state.waiters = []
                return nil
            }
            let batch = Batch(bytes: state.buffer, lineCount: state.lineCount, drops: state.unreportedDrops)
            state.buffer = []
            state.lineCount = 0
            state.unreportedDrops = 0
            return batch
        }
    }

    /// False where the descriptor takes nothing any more: closed, or its reader gone.
    private func writeAll(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Somebody made the descriptor non-blocking, as a terminal's may be for all who share it.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                Foundation.poll(&poll, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
