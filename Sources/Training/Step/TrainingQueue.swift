import Dispatch

/// Runs an actor on a queue of its own: a step of training takes a processor for seconds, which the cooperative pool must not
/// lend.
final class TrainingQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "training", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
