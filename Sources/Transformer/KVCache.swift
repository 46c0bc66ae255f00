import Tensors

/// The keys and values of one sequence.
package final class KVCache {
    /// Positions that hold a token.
    package private(set) var count = 0
    let pages: KeyValuePages

    /// An empty cache; it takes pages as it grows.
    package init(pool: KeyValuePagePool) {
        pages = KeyValuePages(pool: pool)
    }

    /// Makes this empty cache begin with the first `count` positions of another, which keeps them as they are: a shared
    /// prefix.
    package func adoptPrefix(of other: KVCache, count: Int) {
        precondition(self.count == 0 && count <= other.count, "\(count) positions of \(other.count)")
        pages.adoptPrefix(of: other.pages, positions: count)
        self.count = count
    }

    /// Forgets the positions from `count` on; their room is used again.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "\(count) positions of \(self.count)")
        self.count = count
    }

    func advance(by tokens: Int) {
        count += tokens
    }
}

extension Transformer {
    /// A pool of pages for this model's keys and values: in bfloat16 unless the products are in float32.
    package func makePagePool() -> KeyValuePagePool {
        let format: KeyValueFormat =
            switch weights.embedding {
            case .float32: .float32
            case .packed: .bfloat16
            }
        let c = configuration
        return KeyValuePagePool(
            shape: KeyValueShape(
                layerCount: c.layerCount, keyValueHeadCount: c.keyValueHeadCount, headSize: c.headSize,
                format: format))
    }
}
