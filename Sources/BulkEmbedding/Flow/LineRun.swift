import Confinement
import Dispatch

/// Embeds the lines of an input into an output: reads, embeds and writes as ``LineFlow`` says.
package final class LineRun: Sendable {
    /// How far a run has come.
    package struct State: Sendable, Equatable {
        /// Rows of this run, not of an earlier one.
        package var rowCount = 0
        /// Lines of this run that were passed over.
        package var skippedCount = 0
        /// Of prompts and rationales.
        package var tokenCount = 0
        /// Of the input, up to the last line that is over.
        package var byteCount = 0

        /// Nothing yet.
        package init() {}
    }

    /// How a run ended.
    package enum Ending: Sendable, Equatable {
        /// Every line is done.
        case complete
        /// It was stopped before.
        case stopped
        /// It failed; rows before the failure are written.
        case failed(BulkError)
    }

    private enum Event: Sendable {
        case started
        case read(Result<[InputItem]?, BulkError>)
        case ended(LineFlow.Ticket, LineOutcome)
        case stop
    }

    private let events: AsyncStream<Event>
    private let report: AsyncStream<Event>.Continuation
    private let readingQueue = DispatchQueue(label: "reading lines")
    private let writingQueue = DispatchQueue(label: "writing rows")

    /// Does nothing yet.
    package init() {
        (events, report) = AsyncStream.makeStream(of: Event.self)
        report.yield(.started)
    }

    /// Lets the run end once the lines are done that are being embedded.
    package func stop() {
        report.yield(.stop)
    }

    /// Runs to the end of the input; once.
    ///
    /// - Parameters:
    ///   - flow: at its beginning.
    ///   - embed: may be called for many lines at once, and is cancelled where nobody waits for the line any more.
    ///   - skipped: told of each line that is passed over.
    ///   - progress: told how far it is.
    package func run(
        _ flow: consuming LineFlow, from source: Confined<TextSource>, to output: Confined<RowOutput>,
        embed: @escaping @Sendable (TextLine) async -> LineOutcome,
        skipped: (_ line: Int, TextRefusal) -> Void, progress: (State) -> Void
    ) async -> Ending {
        var flow = flow
        var state = State()
        var tasks: [LineFlow.Ticket: Task<Void, Never>] = [:]
        for await event in events {
            switch event {
            case .started: break
            case .stop: flow.stop()
            case .ended(let ticket, let outcome):
                tasks[ticket] = nil
                flow.end(ticket, outcome)
            case .read(.success(let items?)): flow.take(items)
            case .read(.success(nil)): flow.endInput()
            case .read(.failure(let error)): flow.endInput(error)
            }
            var step = flow.next()
            if !step.finished.isEmpty {
                let lines = step.finished
                if let error = await writing(to: output, { output throws(BulkError) in try output.append(lines) }) {
                    flow.fail(error)
                    step.givenUp += flow.next().givenUp
                }
                state.add(step.finished, skipped)
                progress(state)
            }
            for ticket in step.givenUp { tasks.removeValue(forKey: ticket)?.cancel() }
            if flow.isDone { break }
            for begun in step.begun {
                tasks[begun.ticket] = Task { [report] in
                    report.yield(.ended(begun.ticket, await embed(begun.line)))
                }
            }
            if let reading = step.reading { read(reading, from: source) }
        }
        if let error = await writing(to: output, { output throws(BulkError) in try output.finish() }) {
            flow.fail(error)
        }
        return flow.failure.map { .failed($0) } ?? (flow.isStopping ? .stopped : .complete)
    }

    private func read(_ reading: LineFlow.Reading, from source: Confined<TextSource>) {
        Task { [report, readingQueue] in
            let items = await runBlocking(on: readingQueue) {
                source.withState { source in
                    Result { () throws(BulkError) in
                        try source.next(reading.lineCount, byteLimit: reading.byteCount)
                    }
                }
            }
            report.yield(.read(items))
        }
    }

    /// Writes on the queue for that; the error, if there is one.
    private func writing(
        to output: Confined<RowOutput>, _ work: @escaping @Sendable (RowOutput) throws(BulkError) -> Void
    ) async -> BulkError? {
        await runBlocking(on: writingQueue) {
            output.withState { output in
                do throws(BulkError) {
                    try work(output)
                    return nil
                } catch {
                    return error
                }
            }
        }
    }
}

extension LineRun.State {
    fileprivate mutating func add(
        _ lines: [LineFlow.Finished], _ skipped: (_ line: Int, TextRefusal) -> Void
    ) {
        for line in lines {
            byteCount = line.end.byteCount
            switch line.content {
            case .success(let row):
                rowCount += 1
                tokenCount += row.tokenCount
            case .failure(let refusal):
                skippedCount += 1
                skipped(line.line, refusal)
            }
        }
    }
}
