import Grace
import HTTP
import Tokenization

/// Rationales that are told as events while they are written: `token` for each piece of text, then `done` with all that the
/// answer without a stream would hold, or `error` with the error object.
package struct RationaleStream: Sendable {
    /// What the work tells while it goes on.
    package struct Reporter: Sendable {
        fileprivate let events: AsyncStream<Event>.Continuation

        /// The texts have their places in the queue: the answer begins, with these fields.
        package func accept(_ tokenizer: Tokenizer, _ headers: HTTPFields) {
            events.yield(.accepted(tokenizer, headers))
        }

        /// What one text's rationale goes on with.
        package func write(_ tokens: [TokenID], _ index: Int) {
            events.yield(.wrote(tokens, index: index))
        }
    }

    fileprivate enum Event: Sendable {
        case accepted(Tokenizer, HTTPFields)
        case wrote([TokenID], index: Int)
        case done([UInt8])
        case failed(ServiceError)
        case ping
        case expired
    }

    private struct TokenEvent: Encodable {
        let index: Int
        let text: String
    }

    private let pingInterval: Duration
    private let work: @Sendable (Reporter) async throws(ServiceError) -> [UInt8]

    /// - Parameters:
    ///   - pingInterval: how long it may be silent.
    ///   - work: embeds, and returns the JSON of the whole answer. Its task is cancelled when the client has gone.
    package init(
        pingInterval: Duration = .seconds(15),
        work: @escaping @Sendable (Reporter) async throws(ServiceError) -> [UInt8]
    ) {
        self.pingInterval = pingInterval
        self.work = work
    }

    /// The stream, once the work is accepted; before that a failure is an answer of its own.
    package func response() async -> HTTPResponse {
        let (events, report) = AsyncStream.makeStream(of: Event.self)
        let deadline = DeadlineApplication.deadline
        let running = RunningWork(
            Task { [work] in
                do throws(ServiceError) {
                    report.yield(.done(try await work(Reporter(events: report))))
                } catch {
                    report.yield(.failed(error))
                }
                report.finish()
            })
        return await withTaskCancellationHandler {
            for await event in events {
                switch event {
                case .accepted(let tokenizer, let headers):
                    return response(headers) { writer in
                        await write(events, report, running, tokenizer, deadline, writer)
                    }
                case .failed(let error): return error.response
                case .wrote, .done, .ping, .expired: continue
                }
            }
            return ServiceError.unhealthy("the request was cancelled").response
        } onCancel: {
            running.cancel()
        }
    }

    private func response(
        _ headers: HTTPFields, _ produce: @escaping @Sendable (HTTPBodyWriter) async -> Void
    ) -> HTTPResponse {
        var headers = headers
        headers["Content-Type"] = "text/event-stream"
        headers["Cache-Control"] = "no-store"
        // nginx would keep events back to fill its buffers.
        headers["X-Accel-Buffering"] = "no"
        return HTTPResponse(status: .ok, headers: headers, stream: HTTPBodyStream(produce))
    }

    private func write(
        _ events: AsyncStream<Event>, _ report: AsyncStream<Event>.Continuation, _ running: RunningWork,
        _ tokenizer: Tokenizer, _ deadline: ContinuousClock.Instant?, _ writer: HTTPBodyWriter
    ) async {
        let clocks = Task { await tick(report, running, deadline) }
        defer { clocks.cancel() }
        await withTaskCancellationHandler {
            var decoders: [Int: StreamingDecoder] = [:]
            for await event in events {
                switch event {
                case .accepted: break
                case .wrote(let tokens, let index):
                    var decoder = decoders[index] ?? StreamingDecoder(tokenizer, skipControlTokens: true)
                    for token in tokens { await write(decoder.append(token), index, writer) }
                    decoders[index] = decoder
                case .done(let answer):
                    for (index, var decoder) in decoders.sorted(by: { $0.key < $1.key }) {
                        await write(decoder.finish(), index, writer)
                    }
                    await writer.write(ServerSentEvent(name: "done", data: answer).bytes)
                    return
                case .failed(let error):
                    await writer.write(ServerSentEvent(name: "error", data: error.response.body).bytes)
                    return
                case .ping:
                    await writer.write(ServerSentEvent.ping)
                case .expired:
                    let error = ServiceError.timedOutStream.response
                    await writer.write(ServerSentEvent(name: "error", data: error.body).bytes)
                    return
                }
            }
        } onCancel: {
            running.cancel()
        }
    }

    private func write(_ text: String, _ index: Int, _ writer: HTTPBodyWriter) async {
        guard !text.isEmpty else { return }
        let data = HTTPResponse.json(TokenEvent(index: index, text: text)).body
        await writer.write(ServerSentEvent(name: "token", data: data).bytes)
    }

    /// Tells of the time, until it is cancelled.
    private func tick(
        _ report: AsyncStream<Event>.Continuation, _ running: RunningWork, _ deadline: ContinuousClock.Instant?
    ) async {
        do {
            while true {
                let next = ContinuousClock.now + pingInterval
                if let deadline, deadline <= next {
                    try await Task.sleep(until: deadline, clock: .continuous)
                    // In this order: that it is cancelled is told after that its time is over.
                    report.yield(.expired)
                    running.cancel()
                    return
                }
                try await Task.sleep(until: next, clock: .continuous)
                report.yield(.ping)
            }
        } catch {
            // The stream has ended.
        }
    }
}

/// A task that ends with whoever holds it: an answer that is dropped before it is sent takes its work with it.
private final class RunningWork: Sendable {
    private let task: Task<Void, Never>

    init(_ task: Task<Void, Never>) {
        self.task = task
    }

    func cancel() {
        task.cancel()
    }

    deinit {
        task.cancel()
    }
}
