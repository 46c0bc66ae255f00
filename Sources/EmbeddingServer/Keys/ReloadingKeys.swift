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

    /// What was found when the file was read last.
    private struct Reading {
        /// nil where there was no file, or nothing that could be used: it is tried again.
        var stamp: Stamp?
        var failure: KeyFile.Failure?
    }

    private let path: FilePath
    private let report: @Sendable (Event) -> Void
    private let keys: Confined<KeyFile>
    /// Held while the file is read, which requests do not wait for: no reading overtakes a later one.
    private let reading: Confined<Reading>

    /// Reads the file for the first time.
    ///
    /// - Parameter report: told of every reading after the first.
    /// - Throws: `KeyFile.Failure`
    package init(path: FilePath, report: @escaping @Sendable (Event) -> Void = { _ in }) throws(KeyFile.Failure) {
        self.path = path
        self.report = report
        // Before the file is read: what is written meanwhile shows at the next look.
        let stamp = Self.stamp(of: path)
        keys = Confined(try KeyFile(path: path))
        reading = Confined(Reading(stamp: stamp))
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

    /// Reads the file if it has changed since it was read, or could not be used. The same failure is reported once.
    package func look() {
        read { reading, stamp in reading.stamp == nil || reading.stamp != stamp }
    }

    /// Reads the file, changed or not.
    package func reload() {
        read { reading, _ in
            reading.failure = nil
            return true
        }
    }

    private func read(_ isDue: (inout Reading, Stamp?) -> Bool) {
        let event = reading.withState { reading -> Event? in
            let stamp = Self.stamp(of: path)
            guard isDue(&reading, stamp) else { return nil }
            do throws(KeyFile.Failure) {
                let found = try KeyFile(path: path)
                keys.withState { $0 = found }
                reading = Reading(stamp: stamp)
                return .reloaded(path: path.string, count: found.count)
            } catch {
                let isKnown = reading.failure == error
                reading = Reading(stamp: nil, failure: error)
                return isKnown ? nil : .failed(error)
            }
        }
        if let event { report(event) }
    }

    /// Whether the head holds one of the keys: as `Authorization: Bearer` (RFC 6750, section 2.1), `X-API-Key` or `api-key`.
    package func allow(_ head: HTTPRequestHead) -> Bool {
        let keys = keys.withState { $0 }
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
