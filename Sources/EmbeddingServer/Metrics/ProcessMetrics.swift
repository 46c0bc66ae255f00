import Glibc
import Metrics
import SystemPackage

/// What the kernel says of this process, under the names that Prometheus's clients give it.
enum ProcessMetrics {
    static func add(to registry: Registry) {
        registry.read("process_cpu_seconds_total", "Processor time, user and system, in seconds.", .counter) {
            var usage = rusage()
            guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return .nan }
            return seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
        registry.read("process_resident_memory_bytes", "Resident memory.", .gauge) { memory(field: 1) }
        registry.read("process_virtual_memory_bytes", "Virtual memory.", .gauge) { memory(field: 0) }
        registry.read("process_open_fds", "Open file descriptors.", .gauge) { Double(openDescriptorCount()) }
        registry.read("process_max_fds", "The most file descriptors that may be open.", .gauge) {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
            return Double(limit.rlim_cur)
        }
        registry.read("process_threads", "Threads.", .gauge) { fieldAfterName(17) ?? .nan }
        let start = startTime()
        registry.read("process_start_time_seconds", "When the process started, in seconds since 1970.", .gauge) {
            start
        }
        registry.read("grace_uptime_seconds", "How long the process has run, in seconds.", .gauge) { now() - start }
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Of /proc/self/statm, in bytes.
    private static func memory(field: Int) -> Double {
        let fields = contents(of: "/proc/self/statm").split(separator: " ")
        guard fields.count > field, let pages = Double(fields[field]) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// When the process started: the clock ticks of its start since the machine's.
    private static func startTime() -> Double {
        let boot = contents(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let boot = boot.flatMap({ Double($0.dropFirst(6)) }), let ticks = fieldAfterName(19) else { return now() }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A number of /proc/self/stat, counted from the end of the program's name, which may hold anything.
    private static func fieldAfterName(_ index: Int) -> Double? {
        guard let rest = contents(of: "/proc/self/stat").split(separator: ")").last else { return nil }
        let fields = rest.split(separator: " ")
        return fields.count > index ? Double(fields[index]) : nil
    }

    /// Without the descriptor that looking takes; 0 where there is no such directory.
    private static func openDescriptorCount() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // The directory itself, "." and "..".
        return max(0, count - 3)
    }

    /// The beginning of a file of /proc, empty where it cannot be read.
    private static func contents(of path: FilePath) -> String {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly)
            return try descriptor.closeAfter {
                var bytes = [UInt8](repeating: 0, count: 1 << 16)
                let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                return String(decoding: bytes.prefix(count), as: UTF8.self)
            }
        } catch {
            return ""
        }
    }
}
