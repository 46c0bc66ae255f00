/// The keys or the values of one layer of one sequence: `[keyValueHeads, positions, headSize]`, positions up to a capacity.
package final class HeadCache {
    /// Heads that keys and values have, fewer than query heads where queries are grouped.
    package let keyValueHeadCount: Int
    /// Positions that there is memory for, in each head.
    package let capacity: Int
    /// Channels of a head.
    package let headSize: Int
    private let storage: Activation

    /// Allocates room for `capacity` positions.
    package init(keyValueHeadCount: Int, capacity: Int, headSize: Int) {
        self.keyValueHeadCount = keyValueHeadCount
        self.capacity = capacity
        self.headSize = headSize
        // Attention reads no position that was not stored.
        storage = Activation(rowCapacity: keyValueHeadCount * capacity, columns: headSize, isZeroed: false)
    }

    /// Stores rows of `[rows, keyValueHeads * headSize]` at `position` and the positions after it.
    package func store(_ source: Activation, rows: Range<Int>, at position: Int) {
        precondition(source.columns == keyValueHeadCount * headSize, "shapes differ")
        precondition(position + rows.count <= capacity, "position \(position + rows.count) of \(capacity)")
        for (offset, row) in rows.enumerated() {
            let values = source.pointer(toRow: row)
            for head in 0..<keyValueHeadCount {
                storage.pointer(toRow: head * capacity + position + offset)
                    .update(from: values + head * headSize, count: headSize)
            }
        }
    }

    /// Copies the first `count` positions of another cache.
    package func copyPrefix(of other: HeadCache, count: Int) {
        precondition(other.keyValueHeadCount == keyValueHeadCount && other.headSize == headSize, "shapes differ")
        precondition(count <= capacity && count <= other.capacity, "\(count) positions do not fit")
        for head in 0..<keyValueHeadCount {
            storage.copyRows(head * capacity, from: other.storage, row: head * other.capacity, count: count)
        }
    }

    func view(ofHead head: Int, positions: Int) -> StridedMatrix {
        StridedMatrix(
            elements: storage.pointer(toRow: head * capacity), rows: positions, columns: headSize, stride: headSize)
    }
}

/// Causal attention with grouped queries over the cached keys and values of one sequence.
package enum Attention {
    /// The floats of scratch that `forward` needs for `rows` queries over `positions` positions.
    package static func scoreCount(rows: Int, positions: Int, queriesPerKeyValueHead: Int) -> Int {
        // A single row is computed for all queries of a key head at once.
        max(rows, queriesPerKeyValueHead) * positions
    }

    /// Attends from `rows` to every position up to each row's own.
    ///
    /// - Parameters:
    ///   - queries: `[tokens, heads * headSize]`; `rows` of it belong to this sequence.
    ///   - keys: the sequence's keys, those of `rows` included.
    ///   - values: likewise.
    ///   - firstPosition: the position of the first of `rows`.
    ///   - scores: scratch of `scoreCount` floats, `[1, floats]`.
    ///   - output: of the queries' shape; `rows` of it are written.
    package static func forward(
        _ queries: Activation, rows: Range<Int>, keys: HeadCache, values: HeadCache, firstPosition: Int,
        scores: Activation, into output: Activation
    ) {
        let D = keys.headSize
        let H = queries.columns / D
        let G = H / keys.keyValueHeadCount
        let T = rows.count
        let S = firstPosition + T
        precondition(queries.columns == output.columns && H * D == queries.columns, "shapes differ")
        precondition(G * keys.keyValueHeadCount == H, "\(H) heads over \(keys.keyValueHeadCount) key heads")
        precondition(
            scores.columns >= scoreCount(rows: T, positions: S, queriesPerKeyValueHead: G), "too little scratch")
        let scale = 1 / Float(D).squareRoot()
        let weights = scores.pointer(toRow: 0)
        for keyHead in 0..<keys.keyValueHeadCount {
            let k = keys.view(ofHead: keyHead, positions: S)
            let v = values.view(ofHead: keyHead, positions: S)
            // A product is [T, D] of one head; for a single row, whose heads lie side by side, [G, D] of the group.
            for block in 0..<(T == 1 ? 1 : G) {
                let column = (keyHead * G + block) * D
                let count = T == 1 ? G : T
                let stride = T == 1 ? D : queries.columns
                let q = StridedMatrix(
                    elements: queries.pointer(toRow: rows.lowerBound) + column, rows: count, columns: D, stride: stride)
                let y = StridedMatrix(
                    elements: output.pointer(toRow: rows.lowerBound) + column, rows: count, columns: D, stride: stride)
                let w = StridedMatrix(elements: weights, rows: count, columns: S, stride: S)
                w.assignProduct(of: q, byTransposeOf: k, scale: scale)
                for row in 0..<count {
                    Softmax.forward(weights + row * S, count: T == 1 ? S : firstPosition + row + 1, columns: S)
                }
                y.assignProduct(of: w, by: v)
            }
        }
    }
}
