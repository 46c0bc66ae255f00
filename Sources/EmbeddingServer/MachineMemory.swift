import Foundation

/// The memory that this process may use.
package enum MachineMemory {
    /// That of the machine, or of the container if it is allowed less; in bytes.
    package static let byteCount: Int = {
        let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        // Of control groups, version 2 and version 1.
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap(number)
        return limits.reduce(machine, min)
    }()

    /// nil where there is no such file, or it says that there is no limit.
    private static func number(inFile path: String) -> Int? {
        do {
            return Int(
                try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            return nil
        }
    }
}
