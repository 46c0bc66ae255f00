import Confinement

/// Sees to it that a stream is reported once: when it ends, or when it is dropped before it began.
final class StreamAccount: Sendable {
    private let report: @Sendable (_ status: Int) -> Void
    private let isOpen = Confined(true)

    init(report: @escaping @Sendable (_ status: Int) -> Void) {
        self.report = report
    }

    /// The stream has ended; what comes later is not reported.
    func close(_ status: Int) {
        let wasOpen = isOpen.withState { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { report(status) }
    }

    deinit {
        close(RequestMetrics.clientClosed)
    }
}
