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
        return KeyValuePagePool(shape: configuration.keyValueShape(format))
    }
}

extension TransformerConfiguration {
    /// What is kept of each position.
    func keyValueShape(_ format: KeyValueFormat) -> KeyValueShape {
        KeyValueShape(
            layerCount: layerCount, keyValueHeadCount: keyValueHeadCount, headSize: headSize, format: format)
    }

    /// What keys and values take, in bytes: so many positions in so many sequences, each of whole pages.
    package func keyValueByteCount(positions: Int, sequences: Int, precision: Precision) -> Int {
        let shape = keyValueShape(precision == .float32 ? .float32 : .bfloat16)
        return (positions / KeyValueShape.pagePositions + sequences) * shape.pageBytes
    }

    /// What the buffers of a step take, in bytes: `tokens` tokens of which `samplingRows` rows sample.
    package func activationByteCount(tokens: Int, samplingRows: Int) -> Int {
        let attention = 2 * headCount * headSize + 2 * keyValueHeadCount * headSize + headSize
        let token = 3 * hiddenSize + attention + 2 * feedForwardSize
        return MemoryLayout<Float>.size * (tokens * token + samplingRows * (hiddenSize + vocabularySize))
    }
}
