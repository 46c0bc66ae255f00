import CKernels

/// A fixed number of threads that share out one piece of work after another; idle, they use no processor.
///
/// It belongs to one thread, the first of its workers: it is not `Sendable`.
final class WorkerPool {
    /// The threads that there are, the caller's among them.
    let workerCount: Int
    private let pool: OpaquePointer?

    /// Starts all workers but the first, which is the thread that calls `run`. Where the system grants no thread, there is
    /// one worker.
    init(workerCount: Int) {
        let pool = workerCount > 1 ? grace_worker_pool_create(Int32(clamping: workerCount)) : nil
        self.pool = pool
        self.workerCount = pool == nil ? 1 : workerCount
    }

    /// A few for each worker, so that one that is late takes fewer.
    var pieceCount: Int { workerCount == 1 ? 1 : workerCount * 4 }

    /// Cuts `0..<count` into at most `pieceCount` ranges, runs them on all workers and returns when all are done.
    func run(_ count: Int, _ work: (_ piece: Int, Range<Int>) -> Void) {
        let pieceCount = min(count, pieceCount)
        guard let pool, pieceCount > 1 else {
            if count > 0 { work(0, 0..<count) }
            return
        }
        withoutActuallyEscaping(work) { work in
            var job = Job(count: count, pieceCount: pieceCount, work: work)
            withUnsafeMutablePointer(to: &job) { job in
                grace_worker_pool_run(
                    pool,
                    { context, piece in
                        guard let job = context?.assumingMemoryBound(to: Job.self).pointee else { return }
                        let start = { (piece: Int) in job.count * piece / job.pieceCount }
                        job.work(Int(piece), start(Int(piece))..<start(Int(piece) + 1))
                    }, job, UInt32(pieceCount))
            }
        }
    }

    private struct Job {
        let count: Int
        let pieceCount: Int
        let work: (Int, Range<Int>) -> Void
    }

    deinit {
        if let pool {
            grace_worker_pool_destroy(pool)
        }
    }
}
