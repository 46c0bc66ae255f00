import Confinement
import Dispatch
import Glibc
import HTTP
import SystemPackage

/// The keys of a file as it is now: read again when it has changed. A file that gives no keys leaves those that were.
package final class ReloadingKeys: Sendable {
    /// What became of a file that has changed.
    package enum Event: Sendable, Equatable {
        /// These many keys are in force.
        case reloaded(path: String, count: Int)
        /// The old keys stay in force.
        case failed(KeyFile.Failure)
    }

    /// What tells one state of a file from another.
    private struct Stamp: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int
    }

    private struct State {
        var keys: KeyFile
        /// nil for no file.
        var stamp: Stamp?
    }

    private let path: FilePath
    private let report: @Sendable (Event) -> Void
    private let state: Confined<State>

    /// Reads the file for the first time.
    ///
    /// - Parameter report: told of every reading after the first.
    /// - Throws: `KeyFile.Failure`
    package init(path: FilePath, report: @escaping @Sendable (Event) -> Void = { _ in }) throws(KeyFile.Failure) {
        self.path = path
        self.report = report
        // Before the file is read: what is written meanwhile shows at the next look.
        let stamp = Self.stamp(of: path)
        state = Confined(State(keys: try KeyFile(path: path), stamp: stamp))
    }

    /// Looks at the file every second from now on, as long as somebody holds the keys. Apart from requests, so that a key that
    /// is struck out is refused from then on, and no request waits for a disk.
    package func watch() {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "keys"))
        timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1), leeway: .milliseconds(100))
        timer.setEventHandler { [weak self] in
            guard let self else {
                timer.cancel()
                return
            }
            look()
        }
        timer.activate()
    }

    /// Reads the file if it has changed since it was read, or failed to be.
    package func look() {
        let stamp = Self.stamp(of: path)
        let isNew = state.withState { state in
            defer { state.stamp = stamp }
            return state.stamp != stamp
        }
        if isNew { reload() }
    }

    /// Reads the file, changed or not.
    package func reload() {
        do throws(KeyFile.Failure) {
            let keys = try KeyFile(path: path)
            state.withState { $0.keys = keys }
            report(.reloaded(path: path.string, count: keys.count))
        } catch {
            report(.failed(error))
        }
    }

    /// Whether the head holds one of the keys: as `Authorization: Bearer` (RFC 6750, section 2.1), `X-API-Key` or `api-key`.
    package func allow(_ head: HTTPRequestHead) -> Bool {
        let keys = state.withState { $0.keys }
        // All of them are compared: what is found first tells nothing.
        return Self.credentials(of: head).reduce(false) { found, credential in
            let isAllowed = keys.allows(credential)
            return found || isAllowed
        }
    }

    private static func credentials(of head: HTTPRequestHead) -> [String] {
        var credentials = ["x-api-key", "api-key"].compactMap { head.headers[$0] }
        let authorization = head.headers["authorization"]?.split(separator: " ", omittingEmptySubsequences: true) ?? []
        if authorization.count == 2, authorization[0].lowercased() == "bearer" {
            credentials.append(String(authorization[1]))
        }
        return credentials
    }

    private static func stamp(of path: FilePath) -> Stamp? {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        return Stamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
            seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
}
