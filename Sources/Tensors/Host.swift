import Foundation

/// What the system tells of this process and of its machine.
package enum Host {
    /// The most memory that the process has had at once, in bytes; nil where the system does not tell.
    package static var peakMemory: Int? {
        // Not `getrusage`: its maximum includes what a parent had when it made this process.
        guard let line = line(of: "/proc/self/status", startingWith: "VmHWM:") else { return nil }
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 }
    }

    /// The processor as it names itself; nil where the system does not tell.
    package static var processorName: String? {
        line(of: "/proc/cpuinfo", startingWith: "model name").map { line in
            line.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)
        }
    }

    /// Logical processors that this process may use.
    package static var processorCount: Int { ProcessInfo.processInfo.activeProcessorCount }

    private static func line(of path: String, startingWith start: String) -> String? {
        do {
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            return lines.first { $0.hasPrefix(start) }.map { $0.replacingOccurrences(of: "\t", with: " ") }
        } catch {
            return nil
        }
    }
}
