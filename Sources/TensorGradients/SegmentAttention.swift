import CGradientKernels
import Tensors

/// Causal attention with grouped queries within a step, and the way back through it.
///
/// Shares are not kept: the way back computes them once more, which costs less than their memory (Dao et al. 2022).
package final class SegmentAttention {
    let plan: SegmentPlan
    /// What computes.
    package let workers: Workers
    private let scratch: Activation
    /// What each task adds to the gradients over keys and values, `[contributions, headSize]`; only the way back needs it.
    private lazy var keyContributions = contributions()
    private lazy var valueContributions = contributions()

    /// Allocates for one step after another of this plan.
    package init(_ plan: SegmentPlan, workers: Workers) {
        self.plan = plan
        self.workers = workers
        scratch = Activation(rowCapacity: workers.pieceCount, columns: max(plan.scratchCount, 1), isZeroed: false)
    }

    private func contributions() -> Activation {
        Activation(rowCapacity: plan.contributionCount, columns: plan.headSize, isZeroed: false)
    }

    /// - Parameters:
    ///   - queries: `[rows, heads * headSize]`
    ///   - keys: `[rows, keyValueHeads * headSize]`
    ///   - values: of the keys' shape.
    ///   - output: of the queries' shape.
    package func forward(_ queries: Activation, _ keys: Activation, _ values: Activation, into output: Activation) {
        runTasks(cost: plan.cost) { task, place in
            let parts = Parts(plan, task, place)
            parts.gather(queries, keys, values)
            parts.computeShares(workers)
            // In the place of the queries, which are not needed any more.
            BLAS.multiply(
                .init(parts.shares, stride: parts.context), .init(parts.values, stride: parts.D),
                rows: parts.queryCount, columns: parts.D, inner: parts.context, into: parts.queries, stride: parts.D)
            parts.scatter(parts.queries, to: output)
        }
    }

    /// The gradients over queries, keys and values, which are written.
    ///
    /// - Parameter outputGradient: of the queries' shape.
    package func backward(
        _ queries: Activation, _ keys: Activation, _ values: Activation, outputGradient: Activation,
        queryGradient: Activation, keyGradient: Activation, valueGradient: Activation
    ) {
        let (keyContributions, valueContributions) = (keyContributions, valueContributions)
        runTasks(cost: plan.cost * 3) { task, place in
            let parts = Parts(plan, task, place)
            let (D, context, count) = (parts.D, parts.context, parts.queryCount)
            parts.gather(queries, keys, values)
            parts.computeShares(workers)
            parts.gatherHeads(outputGradient, into: parts.other)
            BLAS.multiply(
                .init(parts.shares, stride: context, isTransposed: true), .init(parts.other, stride: D),
                rows: context, columns: D, inner: count,
                into: valueContributions.pointer(toRow: task.firstContribution), stride: D)
            BLAS.multiply(
                .init(parts.other, stride: D), .init(parts.values, stride: D, isTransposed: true), rows: count,
                columns: context, inner: D, into: parts.shareGradients, stride: context)
            parts.computeScoreGradients(workers)
            BLAS.multiply(
                .init(parts.shareGradients, stride: context, isTransposed: true), .init(parts.queries, stride: D),
                rows: context, columns: D, inner: count,
                into: keyContributions.pointer(toRow: task.firstContribution), stride: D)
            BLAS.multiply(
                .init(parts.shareGradients, stride: context), .init(parts.keys, stride: D), rows: count, columns: D,
                inner: context, into: parts.other, stride: D)
            parts.scatter(parts.other, to: queryGradient)
        }
        sum(keyContributions, into: keyGradient)
        sum(valueContributions, into: valueGradient)
    }

    private func runTasks(cost: Int, _ run: (SegmentPlan.Task, UnsafeMutablePointer<Float>) -> Void) {
        BLAS.onCallersThread {
            workers.run(plan.tasks.count, cost: cost) { piece, tasks in
                let place = scratch.pointer(toRow: piece)
                for task in plan.tasks[tasks] {
                    run(task, place)
                }
            }
        }
    }

    /// Adds up what the segments that attend to each row gave, always in their order.
    private func sum(_ contributions: Activation, into gradient: Activation) {
        let (D, heads) = (plan.headSize, plan.keyValueHeadCount)
        workers.run(plan.contributions.count, cost: plan.contributionCount * D) { _, range in
            for index in range {
                let (segment, head) = index.quotientAndRemainder(dividingBy: heads)
                for (offset, row) in plan.segments[segment].rows.enumerated() {
                    let place = gradient.pointer(toRow: row) + head * D
                    for (number, part) in plan.contributions[index].enumerated() {
                        let source = contributions.pointer(
                            toRow: plan.tasks[part.task].firstContribution + part.offset + offset)
                        if number == 0 {
                            place.update(from: source, count: D)
                        } else {
                            grace_add_scaled(workers.kernels, place, source, 1, D)
                        }
                    }
                }
            }
        }
    }
}

/// The scratch of one task: what it reads, side by side. D channels of a head.
private struct Parts {
    let plan: SegmentPlan
    let task: SegmentPlan.Task
    let D: Int
    /// Rows that are attended to.
    let context: Int
    /// Rows of the segment, times the heads that share the keys.
    let queryCount: Int
    /// `[context, D]`
    let keys: UnsafeMutablePointer<Float>
    /// `[context, D]`
    let values: UnsafeMutablePointer<Float>
    /// `[queryCount, D]`, head by head.
    let queries: UnsafeMutablePointer<Float>
    /// `[queryCount, D]`
    let other: UnsafeMutablePointer<Float>
    /// `[queryCount, context]`
    let shares: UnsafeMutablePointer<Float>
    /// `[queryCount, context]`
    let shareGradients: UnsafeMutablePointer<Float>

    init(_ plan: SegmentPlan, _ task: SegmentPlan.Task, _ place: UnsafeMutablePointer<Float>) {
        self.plan = plan
        self.task = task
        D = plan.headSize
        context = plan.contextCounts[task.segment]
        queryCount = plan.segments[task.segment].rows.count * plan.queriesPerHead
        keys = place
        values = keys + context * D
        queries = values + context * D
        other = queries + queryCount * D
        shares = other + queryCount * D
        shareGradients = shares + queryCount * context
    }

    private var rows: Range<Int> { plan.segments[task.segment].rows }

    func gather(_ allQueries: Activation, _ allKeys: Activation, _ allValues: Activation) {
        var index = 0
        for rows in plan.contexts[task.segment] {
            for row in rows {
                (keys + index * D).update(from: allKeys.pointer(toRow: row) + task.head * D, count: D)
                (values + index * D).update(from: allValues.pointer(toRow: row) + task.head * D, count: D)
                index += 1
            }
        }
        gatherHeads(allQueries, into: queries)
    }

    func gatherHeads(_ all: Activation, into place: UnsafeMutablePointer<Float>) {
        eachHeadRow { index, row, channel in
            (place + index * D).update(from: all.pointer(toRow: row) + channel, count: D)
        }
    }

    func scatter(_ place: UnsafeMutablePointer<Float>, to all: Activation) {
        eachHeadRow { index, row, channel in
            (all.pointer(toRow: row) + channel).update(from: place + index * D, count: D)
        }
    }

    private func eachHeadRow(_ visit: (_ index: Int, _ row: Int, _ channel: Int) -> Void) {
        var index = 0
        for head in 0..<plan.queriesPerHead {
            for row in rows {
                visit(index, row, (task.head * plan.queriesPerHead + head) * D)
                index += 1
            }
        }
    }

    private var scale: Float { 1 / Float(D).squareRoot() }

    /// Rows that the query of an index attends to.
    private func visible(_ index: Int) -> Int { context - rows.count + index % rows.count + 1 }

    func computeShares(_ workers: Workers) {
        BLAS.multiply(
            .init(queries, stride: D), .init(keys, stride: D, isTransposed: true), rows: queryCount, columns: context,
            inner: D, into: shares, stride: context)
        for index in 0..<queryCount {
            grace_softmax(workers.kernels, shares + index * context, scale, visible(index), context)
        }
    }

    func computeScoreGradients(_ workers: Workers) {
        for index in 0..<queryCount {
            grace_softmax_backward(
                workers.kernels, shares + index * context, shareGradients + index * context, scale, visible(index),
                context)
        }
    }
}
