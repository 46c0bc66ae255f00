import Foundation

/// The requests to stop that the process gets: SIGTERM and SIGINT.
///
/// A handler writes to a pipe that a thread reads. Dispatch's signal sources want the signal ignored before they listen,
/// and what comes in between is lost.
enum TerminationSignals {
    /// Listens from now on, and tells the first signal. A second one ends the process at once, as it does by default.
    static func listen(_ first: @escaping @Sendable (Int32) -> Void) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        signalPipe = ends[1]
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe, &byte, 1)
            }
        }
        let readEnd = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(readEnd, &byte, 1) != 1 {}
            for number in [SIGTERM, SIGINT] {
                signal(number, SIG_DFL)
            }
            first(Int32(byte))
        }
    }
}

// A signal handler can reach nothing but globals. Written once, before there is a handler.
private nonisolated(unsafe) var signalPipe: Int32 = -1
