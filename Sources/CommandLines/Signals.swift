import Foundation

/// The signals that the process acts on: SIGTERM and SIGINT, which ask it to stop, and others.
///
/// A handler writes to a pipe that a thread reads. Dispatch's signal sources want the signal ignored before they listen,
/// and what comes in between is lost.
package enum Signals {
    /// Listens from now on. Of those that ask to stop only the first is told: a second one ends the process at once, as it
    /// does by default.
    ///
    /// - Parameter told: is called on a thread of its own.
    /// - Throws: `POSIXError` where there is no pipe.
    package static func listen(to others: [Int32] = [], _ told: @escaping @Sendable (Int32) -> Void) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        signalPipe = ends[1]
        for number in stopping + others {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipe, &byte, 1)
            }
        }
        let readEnd = ends[0]
        Thread.detachNewThread {
            while true {
                var byte: UInt8 = 0
                guard read(readEnd, &byte, 1) == 1 else { continue }
                let number = Int32(byte)
                if stopping.contains(number) {
                    for number in stopping {
                        signal(number, SIG_DFL)
                    }
                }
                told(number)
            }
        }
    }

    private static let stopping = [SIGTERM, SIGINT]
}

// A signal handler can reach nothing but globals. Written once, before there is a handler.
private nonisolated(unsafe) var signalPipe: Int32 = -1
