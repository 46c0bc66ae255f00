import CKernels

/// The rows of a step that belong to one sequence, and its keys and values with those of the rows.
package struct AttentionSequence {
    let rows: Range<Int>
    let keys: KeyCache
    let values: ValueCache
    let firstPosition: Int

    /// - Parameter firstPosition: the position of the first of `rows`.
    package init(rows: Range<Int>, keys: KeyCache, values: ValueCache, firstPosition: Int) {
        self.rows = rows
        self.keys = keys
        self.values = values
        self.firstPosition = firstPosition
    }

    /// Positions that the last row reads.
    var positionCount: Int { firstPosition + rows.count }
}

/// Causal attention with grouped queries over the cached keys and values of sequences.
///
/// Each row and key head is computed alone, whatever else is in the step: a prompt in pieces has the bits of a prompt as a
/// whole.
package enum Attention {
    /// The floats of scratch that `forward` needs.
    package static func scoreCount(
        positions: Int, queriesPerKeyValueHead: Int, on workers: Workers
    ) -> Int {
        workers.pieceCount * padded(positions) * queriesPerKeyValueHead
    }

    /// Registers that hold so many positions.
    static func registerCount(_ positions: Int) -> Int {
        let lanes = Int(GRACE_ATTENTION_LANES)
        return (positions + lanes - 1) / lanes
    }

    /// Positions in whole registers.
    private static func padded(_ positions: Int) -> Int {
        registerCount(positions) * Int(GRACE_ATTENTION_LANES)
    }

    /// Attends from each row to every position of its sequence up to its own.
    ///
    /// - Parameters:
    ///   - queries: `[tokens, heads * headSize]`
    ///   - sequences: rows of them; they share shapes.
    ///   - scores: scratch of `scoreCount` floats for the longest sequence, `[1, floats]`.
    ///   - output: of the queries' shape; the sequences' rows of it are written.
    package static func forward(
        _ queries: Activation, sequences: [AttentionSequence], scores: Activation, into output: Activation,
        on workers: Workers
    ) {
        guard let keys = sequences.first?.keys else { return }
        let D = keys.headSize
        let K = keys.keyValueHeadCount
        let H = queries.columns / D
        let G = H / K
        precondition(queries.columns == output.columns && H * D == queries.columns, "shapes differ")
        precondition(G * K == H, "\(H) heads over \(K) key heads")
        let longest = sequences.map(\.positionCount).max() ?? 0
        precondition(
            scores.columns >= scoreCount(positions: longest, queriesPerKeyValueHead: G, on: workers),
            "too little scratch")
        // One item a row and key head.
        let items = sequences.flatMap { sequence in
            sequence.rows.flatMap { row in (0..<K).map { (sequence: sequence, row: row, keyHead: $0) } }
        }
        let cost = items.count * longest * G * D * 2
        workers.run(items.count, cost: cost) { piece, range in
            let scratch = scores.pointer(toRow: 0) + piece * padded(longest) * G
            for (sequence, row, keyHead) in items[range] {
                let S = sequence.firstPosition + row - sequence.rows.lowerBound + 1
                grace_attention(
                    workers.kernels, queries.pointer(toRow: row) + keyHead * G * D,
                    sequence.keys.pointer(toHead: keyHead), sequence.values.pointer(toHead: keyHead),
                    output.pointer(toRow: row) + keyHead * G * D, scratch, G, S, D, sequence.keys.stride)
            }
        }
    }
}
