import CKernels

/// The rows of a step that belong to one sequence.
package struct AttentionSequence {
    let rows: Range<Int>
    let pages: KeyValuePages
    let firstPosition: Int

    /// - Parameters:
    ///   - pages: have room for the rows.
    ///   - firstPosition: the position of the first of `rows`.
    package init(rows: Range<Int>, pages: KeyValuePages, firstPosition: Int) {
        self.rows = rows
        self.pages = pages
        self.firstPosition = firstPosition
    }

    /// Positions that the last row reads.
    var positionCount: Int { firstPosition + rows.count }
}

/// How the attention of one step is shared out: the same in every layer, so made once.
package struct AttentionPlan {
    /// Neighbouring rows of one sequence, and queries that share a key head: what the kernel computes at once.
    struct Tile {
        let firstRow: Int
        let rowCount: Int
        let firstPosition: Int
        let head: Int
        /// Among those that share the head.
        let queries: Range<Int>
        /// Where the sequence's pages begin in `pages`.
        let firstPage: Int
    }

    let shape: KeyValueShape
    let headCount: Int
    let sequences: [AttentionSequence]
    let tiles: [Tile]
    let pages: [UnsafeRawPointer?]
    let longest: Int
    /// Multiplications, about.
    let cost: Int

    /// - Parameter sequences: at least one, all of one shape.
    package init(_ sequences: [AttentionSequence], headCount: Int) {
        guard let shape = sequences.first?.pages.shape else { preconditionFailure("a step without sequences") }
        precondition(headCount % shape.keyValueHeadCount == 0, "\(headCount) heads over \(shape.keyValueHeadCount)")
        let queriesPerKeyValueHead = headCount / shape.keyValueHeadCount
        let most = Int(GRACE_ATTENTION_QUERIES)
        let rowsPerTile = max(1, most / queriesPerKeyValueHead)
        let queryRanges = stride(from: 0, to: queriesPerKeyValueHead, by: most).map {
            $0..<min($0 + most, queriesPerKeyValueHead)
        }
        var tiles: [Tile] = []
        var pages: [UnsafeRawPointer?] = []
        var products = 0
        for sequence in sequences {
            // All tiles of a head side by side: its keys stay in the cache.
            for head in 0..<shape.keyValueHeadCount {
                for firstRow in stride(from: sequence.rows.lowerBound, to: sequence.rows.upperBound, by: rowsPerTile) {
                    for queries in queryRanges {
                        tiles.append(
                            Tile(
                                firstRow: firstRow, rowCount: min(rowsPerTile, sequence.rows.upperBound - firstRow),
                                firstPosition: sequence.firstPosition + firstRow - sequence.rows.lowerBound, head: head,
                                queries: queries, firstPage: pages.count))
                    }
                }
            }
            pages += sequence.pages.pages
            products += sequence.rows.count * sequence.positionCount
        }
        self.shape = shape
        self.headCount = headCount
        self.sequences = sequences
        self.tiles = tiles
        self.pages = pages
        longest = sequences.map(\.positionCount).max() ?? 0
        cost = products * headCount * shape.headSize * 2
    }
}

/// Causal attention with grouped queries over the cached keys and values of sequences.
///
/// A row's bits depend on that row and what is before it alone, whatever else is in the step: a prompt in pieces has the
/// bits of a prompt as a whole.
package enum Attention {
    /// Stores the keys and values of the step's rows.
    ///
    /// - Parameter keys, values: `[tokens, keyValueHeads * headSize]`
    package static func store(
        keys: Activation, values: Activation, layer: Int, of plan: AttentionPlan, on workers: Workers
    ) {
        let shape = plan.shape
        let D = shape.headSize
        precondition(keys.columns == shape.keyValueHeadCount * D && values.columns == keys.columns, "shapes differ")
        let rowCount = plan.sequences.reduce(0) { $0 + $1.rows.count }
        // A sequence is stored by one thread, in order: neighbouring positions share words.
        workers.run(plan.sequences.count, cost: rowCount * keys.columns * 4) { _, sequences in
            for sequence in plan.sequences[sequences] {
                for row in sequence.rows {
                    let position = sequence.firstPosition + row - sequence.rows.lowerBound
                    let (key, value) = (keys.pointer(toRow: row), values.pointer(toRow: row))
                    for head in 0..<shape.keyValueHeadCount {
                        let place = sequence.pages.storage(position: position, layer: layer, head: head)
                        grace_page_store(
                            shape.format.native, place.head, key + head * D, value + head * D, place.slot, D)
                    }
                }
            }
        }
    }

    /// Attends from each row to every position of its sequence up to its own, which are stored.
    ///
    /// - Parameters:
    ///   - queries: `[tokens, heads * headSize]`
    ///   - output: of the queries' shape; the sequences' rows of it are written.
    package static func forward(
        _ queries: Activation, layer: Int, of plan: AttentionPlan, into output: Activation, on workers: Workers
    ) {
        let D = plan.shape.headSize
        let G = plan.headCount / plan.shape.keyValueHeadCount
        precondition(queries.columns == output.columns && queries.columns == plan.headCount * D, "shapes differ")
        let scratchBytes = grace_attention_scratch_bytes(plan.longest, D)
        let scratch = workers.scores.reserve(workers.pieceCount * scratchBytes)
        plan.pages.withUnsafeBufferPointer { pages in
            guard let pages = pages.baseAddress else { return }
            workers.run(plan.tiles.count, cost: plan.cost) { piece, tiles in
                for tile in plan.tiles[tiles] {
                    let firstChannel = (tile.head * G + tile.queries.lowerBound) * D
                    var native = grace_attention_tile(
                        queries: queries.pointer(toRow: tile.firstRow) + firstChannel,
                        output: output.pointer(toRow: tile.firstRow) + firstChannel, stride: queries.columns,
                        R: tile.rowCount, G: tile.queries.count, D: D, first_position: tile.firstPosition,
                        pages: pages + tile.firstPage, head_offset: plan.shape.offset(layer: layer, head: tile.head))
                    grace_attention(
                        workers.kernels, plan.shape.format.native, &native, scratch + piece * scratchBytes)
                }
            }
        }
    }
}
