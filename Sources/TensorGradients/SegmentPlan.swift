import Tensors

/// Neighbouring rows of a step that continue a sequence: each attends to all rows of the segments before its own, and to
/// those of its own up to itself.
///
/// Segments are a forest: rationales of one prompt have it as their parent, so that it is computed once for all of them.
package struct Segment: Sendable, Equatable {
    /// Rows of the step.
    package let rows: Range<Int>
    /// The segment that this one continues, by its index; nil where a sequence begins.
    package let parent: Int?

    /// Takes both as they are.
    package init(rows: Range<Int>, parent: Int?) {
        self.rows = rows
        self.parent = parent
    }
}

/// How the attention of a step of segments is shared out: the same in every layer, so made once.
package struct SegmentPlan: Sendable {
    /// One segment under one key-value head: what is computed at once.
    struct Task {
        let segment: Int
        let head: Int
        /// Where its part of the gradients over keys and values lies, in rows of `[rows, headSize]`.
        let firstContribution: Int
    }

    /// A part of the gradient over keys and values of a segment's rows.
    struct Contribution {
        let task: Int
        /// In the rows that the task attends to.
        let offset: Int
    }

    let segments: [Segment]
    /// For each segment the rows that it attends to: those of its ancestors, the first first, then its own.
    let contexts: [[Range<Int>]]
    let contextCounts: [Int]
    let headCount: Int
    let keyValueHeadCount: Int
    let headSize: Int
    let tasks: [Task]
    /// For each segment and head, `[segments * heads]`, in the order of the segments that attend to it.
    let contributions: [[Contribution]]
    let contributionCount: Int
    /// The most numbers of scratch that a task takes.
    let scratchCount: Int
    /// Multiplications of a forward pass, about.
    let cost: Int

    /// - Parameter segments: of which a parent comes before its children; rows are in order, without gaps.
    package init(_ segments: [Segment], headCount: Int, keyValueHeadCount: Int, headSize: Int) {
        precondition(headCount % keyValueHeadCount == 0, "\(headCount) heads over \(keyValueHeadCount)")
        var contexts: [[Range<Int>]] = []
        var ancestors: [[Int]] = []
        for (index, segment) in segments.enumerated() {
            precondition((segment.parent ?? -1) < index, "segment \(index) before its parent")
            precondition(segment.rows.lowerBound == (index == 0 ? 0 : segments[index - 1].rows.upperBound), "a gap")
            ancestors.append((segment.parent.map { ancestors[$0] } ?? []) + [index])
            contexts.append((segment.parent.map { contexts[$0] } ?? []) + [segment.rows])
        }
        var tasks: [Task] = []
        var contributions = [[Contribution]](repeating: [], count: segments.count * keyValueHeadCount)
        var contributionCount = 0
        let contextCounts = contexts.map { $0.reduce(0) { $0 + $1.count } }
        for index in segments.indices {
            for head in 0..<keyValueHeadCount {
                var offset = 0
                for (ancestor, rows) in zip(ancestors[index], contexts[index]) {
                    contributions[ancestor * keyValueHeadCount + head].append(
                        Contribution(task: tasks.count, offset: offset))
                    offset += rows.count
                }
                tasks.append(Task(segment: index, head: head, firstContribution: contributionCount))
                contributionCount += contextCounts[index]
            }
        }
        self.segments = segments
        self.contexts = contexts
        self.contextCounts = contextCounts
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.tasks = tasks
        self.contributions = contributions
        self.contributionCount = contributionCount
        let queriesPerHead = headCount / keyValueHeadCount
        scratchCount =
            zip(segments, contextCounts).map { segment, context in
                let queries = segment.rows.count * queriesPerHead
                return 2 * context * headSize + 2 * queries * headSize + 2 * queries * context
            }.max() ?? 0
        cost = zip(segments, contextCounts).reduce(0) { $0 + $1.0.rows.count * $1.1 } * headCount * headSize * 2
    }

    var queriesPerHead: Int { headCount / keyValueHeadCount }
}
