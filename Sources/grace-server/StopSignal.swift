import CommandLines
import Confinement
import Foundation

/// The signal that asks a command to stop: SIGINT or SIGTERM.
struct StopSignal: Sendable {
    private let told = Confined<Int32?>(nil)

    /// What was told; SIGINT until then.
    var number: Int32 { told.withState { $0 } ?? SIGINT }

    /// Listens from now on. Where there is no pipe for it, a signal ends the process at once, as it does by default.
    func listen(_ stop: @escaping @Sendable () -> Void) {
        do {
            try Signals.listen { [told] number in
                told.withState { $0 = number }
                stop()
            }
        } catch {
            FileHandle.standardError.write(Data("grace-server: signals are not listened to: \(error)\n".utf8))
        }
    }
}
