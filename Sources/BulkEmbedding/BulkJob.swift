import Confinement
import Dispatch
import Engine
import Grace
import JSON
import Serving
import SystemPackage

/// Embeds the lines of an input with a checkpoint of its own, in this process: what a server does, without one.
package struct BulkJob: Sendable {
    /// What is read.
    package var input: TextSource.Plan
    /// What a row of the output is.
    package var form: RowForm
    /// nil writes to standard output.
    package var output: FilePath?
    /// Whether to go on with what is there.
    package var resumes = false
    /// Whether a line without a text is passed over; else it ends the job.
    package var skipsRefused = false
    /// How texts are embedded.
    package var request = RequestedSettings()
    /// The checkpoint's own text to put before each one.
    package var promptName: String?
    /// Where `model` is looked up.
    package var models: ModelDirectory
    /// A name in `models`, or a path.
    package var model: String
    /// How it is read and run.
    package var loader: ModelLoader
    /// What it may take, in bytes.
    package var memoryLimit: Int
    /// Where neither request nor checkpoint says how long a rationale is.
    package var limits: RequestedSettings.Limits

    /// Takes the parts as they are.
    package init(
        input: TextSource.Plan, form: RowForm, models: ModelDirectory, model: String, loader: ModelLoader,
        memoryLimit: Int, limits: RequestedSettings.Limits
    ) {
        self.input = input
        self.form = form
        self.models = models
        self.model = model
        self.loader = loader
        self.memoryLimit = memoryLimit
        self.limits = limits
    }

    /// What happens, for who watches.
    package enum Report: Sendable {
        /// The checkpoint is there, and lines are read from here on.
        case began(LineRun, rowsBefore: Int)
        /// A line is passed over.
        case skipped(line: Int, TextRefusal)
        /// Rows were written.
        case progressed(LineProgress)
    }

    /// How a job ended, and how far it came.
    package struct Outcome: Sendable {
        /// Whether all lines are done.
        package let ending: LineRun.Ending
        /// At its end.
        package let progress: LineProgress
    }

    /// Loads the checkpoint and embeds all lines.
    ///
    /// - Throws: `BulkError` where it cannot begin.
    package func run(_ report: (Report) -> Void) async throws(BulkError) -> Outcome {
        do throws(GraceError) {
            try Compute.checkKernels()
        } catch {
            throw .grace(error)
        }
        Compute.useThreads(loader.threads)
        let store = ModelStore(directory: models, loader: loader, memoryLimit: memoryLimit)
        let result: Result<Outcome, BulkError>
        do throws(StoreError) {
            try await store.start(model)
            result = try await store.withModel(.preferring(nil)) { embedder in
                do throws(BulkError) {
                    return .success(try await run(embedder, report))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw .store(error)
        }
        await store.endAll()
        return try result.get()
    }

    private func run(_ embedder: Embedder, _ report: (Report) -> Void) async throws(BulkError) -> Outcome {
        let lineEmbedder = try LineEmbedder(embedder, form: form, request, limits, promptName: promptName)
        let output = try await output(for: lineEmbedder)
        let record = output.withState { $0.record }
        let source = try await source(after: record)
        let (total, startByteCount) = source.withState { ($0.totalByteCount, $0.byteCount) }
        let run = LineRun()
        report(.began(run, rowsBefore: record.rowCount))
        let start = ContinuousClock.now
        func progress(_ state: LineRun.State) -> LineProgress {
            LineProgress(state, startByteCount: startByteCount, totalByteCount: total, time: .now - start)
        }
        var last = LineRun.State()
        let flow = LineFlow(
            limits: LineFlow.Limits(liveCount: loader.batchLimits.maxLiveRequests), skipsRefused: skipsRefused,
            path: input.name)
        let ending = await run.run(
            flow, from: source, to: output, embed: { await lineEmbedder.outcome(of: $0) },
            skipped: { report(.skipped(line: $0, $1)) },
            progress: { state in
                last = state
                report(.progressed(progress(state)))
            })
        return Outcome(ending: ending, progress: progress(last))
    }

    /// Opens the output: on a queue, for the disk may take its time.
    private func output(for embedder: LineEmbedder) async throws(BulkError) -> Confined<RowOutput> {
        var plan = RowOutput.Plan(path: output, settings: settings(of: embedder))
        plan.resumes = resumes
        plan.channelCount = form == .numPy ? embedder.channelCount : nil
        let opened = plan
        return try await runBlocking(on: DispatchQueue(label: "output")) {
            Result { () throws(BulkError) in
                Confined(try RowOutput(opened, start: InputPosition()))
            }
        }.get()
    }

    /// Opens the input, and passes over what is done.
    private func source(after record: ProgressRecord) async throws(BulkError) -> Confined<TextSource> {
        let input = input
        return try await runBlocking(on: DispatchQueue(label: "input")) {
            Result { () throws(BulkError) in
                let source = try TextSource(input)
                if record.lineCount > 0 {
                    try source.skip(record.lineCount, mark: record.mark)
                }
                return Confined(source)
            }
        }.get()
    }

    /// All that decides the bytes of a row, besides its line.
    private func settings(of embedder: LineEmbedder) -> RunSettings {
        var values = embedder.settingValues
        values["input_format"] = .string(input.format?.rawValue ?? "auto")
        values["max_input_tokens"] = .integer(loader.maxInputTokens)
        return RunSettings(values)
    }
}
