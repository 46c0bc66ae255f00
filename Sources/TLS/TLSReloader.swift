import Confinement

/// The context for new sessions, made anew when the operator asks for it.
package final class TLSReloader: Sendable {
    private let files: TLSFiles
    private let state: Confined<TLSContext>

    /// Reads the files for the first time.
    ///
    /// - Throws: what ``TLSContext/init(_:)`` does.
    package init(_ files: TLSFiles) throws(TLSError) {
        self.files = files
        state = Confined(try TLSContext(files))
    }

    /// The context of sessions that begin now.
    package var current: TLSContext { state.withState { $0 } }

    /// Reads the files again. Where that fails the context stays what it was.
    ///
    /// - Returns: the new context, whose warnings are worth a line in the log.
    /// - Throws: what ``TLSContext/init(_:)`` does.
    @discardableResult
    package func reload() throws(TLSError) -> TLSContext {
        let context = try TLSContext(files)
        state.withState { $0 = context }
        return context
    }
}
