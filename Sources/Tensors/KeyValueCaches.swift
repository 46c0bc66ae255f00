import CKernels

/// The keys of one layer of one sequence: `[keyValueHeads, headSize, positions]`, positions up to a capacity, those of a
/// channel side by side as attention reads them.
package final class KeyCache {
    /// Key and value heads of the layer.
    package let keyValueHeadCount: Int
    /// Positions that there is room for.
    package let capacity: Int
    /// Channels of a head.
    package let headSize: Int
    /// The capacity in whole registers: attention reads, and ignores, what stands behind the last position.
    let stride: Int
    private let storage: Activation

    /// Allocates room for `capacity` positions.
    package init(keyValueHeadCount: Int, capacity: Int, headSize: Int) {
        self.keyValueHeadCount = keyValueHeadCount
        self.capacity = capacity
        self.headSize = headSize
        // An odd number of registers: at a power of two the channels of a position would share one set of the cache.
        stride = (Attention.registerCount(capacity) | 1) * Int(GRACE_ATTENTION_LANES)
        storage = Activation(rowCapacity: keyValueHeadCount * headSize, columns: stride, isZeroed: false)
    }

    /// Stores rows of `[rows, keyValueHeads * headSize]` at `position` and the positions after it.
    package func store(_ source: Activation, rows: Range<Int>, at position: Int) {
        precondition(source.columns == keyValueHeadCount * headSize, "shapes differ")
        precondition(position + rows.count <= capacity, "position \(position + rows.count) of \(capacity)")
        for (offset, row) in rows.enumerated() {
            let values = source.pointer(toRow: row)
            for channel in 0..<source.columns {
                storage.pointer(toRow: channel)[position + offset] = values[channel]
            }
        }
    }

    /// Copies the first `count` positions of another cache.
    package func copyPrefix(of other: KeyCache, count: Int) {
        precondition(other.keyValueHeadCount == keyValueHeadCount && other.headSize == headSize, "shapes differ")
        precondition(count <= capacity && count <= other.capacity, "\(count) positions do not fit")
        for channel in 0..<keyValueHeadCount * headSize {
            storage.pointer(toRow: channel).update(from: other.storage.pointer(toRow: channel), count: count)
        }
    }

    /// `[headSize, stride]`
    func pointer(toHead head: Int) -> UnsafeMutablePointer<Float> {
        storage.pointer(toRow: head * headSize)
    }
}

/// The values of one layer of one sequence: `[keyValueHeads, positions, headSize]`, positions up to a capacity.
package final class ValueCache {
    /// Key and value heads of the layer.
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
    package func copyPrefix(of other: ValueCache, count: Int) {
        precondition(other.keyValueHeadCount == keyValueHeadCount && other.headSize == headSize, "shapes differ")
        precondition(count <= capacity && count <= other.capacity, "\(count) positions do not fit")
        for head in 0..<keyValueHeadCount {
            storage.copyRows(head * capacity, from: other.storage, row: head * other.capacity, count: count)
        }
    }

    /// The stored rows of one head, `[positions, headSize]`.
    func pointer(toHead head: Int) -> UnsafeMutablePointer<Float> {
        storage.pointer(toRow: head * capacity)
    }
}
