import ArgumentParser
import BulkEmbedding
import CommandLines
import EmbeddingServer
import Engine
import Foundation
import Grace
import SystemPackage

/// A command that embeds lines: what it reads, writes and says.
struct BulkSession {
    static let exitCodes = """
        EXIT CODES: 0 all lines are done, 1 it failed, 64 an option is unknown or its value not allowed, 130 or 143 it was \
        stopped by SIGINT or SIGTERM. Whatever it was, the output has whole rows, but for a process that was killed.
        """

    private let input: LineInputOptions
    private let output: LineOutputOptions
    private let request: LineRequestOptions
    private let model: ModelOptions
    private let batch: BatchOptions

    init(
        _ input: LineInputOptions, _ output: LineOutputOptions, _ request: LineRequestOptions, _ model: ModelOptions,
        _ batch: BatchOptions
    ) {
        self.input = input
        self.output = output
        self.request = request
        self.model = model
        self.batch = batch
    }

    /// - Parameter traces: whether rows tell how near the vector was to the final one while the rationale was written.
    /// - Throws: `ExitCode`, after a line that says why.
    func run(_ form: RowForm, traces: Bool = false) async throws {
        let progressLine = ProgressLine()
        let stopSignal = StopSignal()
        let outcome: BulkJob.Outcome
        do throws(BulkError) {
            outcome = try await job(form, traces: traces).run { report in
                switch report {
                case .began(let run, let rowsBefore):
                    stopSignal.listen { run.stop() }
                    if rowsBefore > 0, !output.quiet { say("going on after \(rowsBefore) rows", progressLine) }
                case .skipped(let line, let refusal): say("\(name):\(line): skipped: \(refusal)", progressLine)
                case .progressed(let progress):
                    guard !output.quiet else { return }
                    progressLine.show(progress.text(withBar: progressLine.isTerminal))
                }
            }
        } catch {
            throw failure(error, progressLine)
        }
        if !output.quiet { say(outcome.progress.summary, progressLine) }
        switch outcome.ending {
        case .complete: break
        case .failed(let error): throw failure(error, progressLine)
        case .stopped:
            say("stopped before the end of \(name)\(output.path == nil ? "" : "; --resume goes on")", progressLine)
            // What a shell has for a process that the signal ends.
            throw ExitCode(128 + stopSignal.number)
        }
    }

    private var name: String { TextSource.Plan(path: input.path).name }

    private func job(_ form: RowForm, traces: Bool) -> BulkJob {
        var configuration = ServerConfiguration()
        model.apply(to: &configuration)
        batch.apply(to: &configuration)
        // Nobody looks on.
        configuration.batchLimits.reserve = .none
        configuration.batchLimits.maxRequests =
            LineFlow.Limits(liveCount: configuration.batchLimits.maxLiveRequests).lineCount
        configuration.requestLimits.maxRationaleTokens = LineRequestOptions.mostRationaleTokens
        var job = BulkJob(
            input: input.plan(form), form: form, models: configuration.models, model: configuration.model,
            loader: configuration.modelLoader, memoryLimit: configuration.memoryLimit,
            limits: RequestedSettings.Limits(
                defaultRationaleTokens: configuration.requestLimits.defaultMaxRationaleTokens,
                maxRationaleTokens: configuration.requestLimits.maxRationaleTokens))
        job.output = output.path
        job.resumes = output.resume
        job.skipsRefused = input.skipInvalid
        job.request = request.settings
        job.request.traces = traces
        job.promptName = request.promptName
        return job
    }

    private func failure(_ error: BulkError, _ progressLine: ProgressLine) -> ExitCode {
        say("grace-server: \(error)", progressLine)
        if case .refusedLine = error { say("--skip-invalid passes over such lines", progressLine) }
        return .failure
    }

    private func say(_ line: String, _ progressLine: ProgressLine) {
        progressLine.clear()
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
