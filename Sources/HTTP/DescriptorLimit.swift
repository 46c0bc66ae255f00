import Glibc

/// How many descriptors the process may have.
package enum DescriptorLimit {
    /// Raises the limit to `count`, or as far as the process may, and never lowers it.
    ///
    /// - Returns: the limit that is now in force.
    @discardableResult
    package static func raise(to count: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let wanted = rlim_t(max(0, count))
        guard limit.rlim_cur < wanted else { return Int(clamping: limit.rlim_cur) }
        var raised = limit
        raised.rlim_cur = min(wanted, limit.rlim_max)
        if limit.rlim_max < wanted {
            // Only root may raise the hard limit too.
            let both = rlimit(rlim_cur: wanted, rlim_max: wanted)
            if set(both) { return Int(clamping: wanted) }
        }
        return Int(clamping: set(raised) ? raised.rlim_cur : limit.rlim_cur)
    }

    private static func set(_ limit: rlimit) -> Bool {
        withUnsafePointer(to: limit) { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0) == 0 }
    }
}
