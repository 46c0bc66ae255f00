import Tensors

/// The keys and values of one sequence: for every layer `[keyValueHeads, capacity, headSize]` twice.
package final class KVCache {
    /// Positions that hold a token.
    package private(set) var count = 0
    /// Positions that there is room for.
    package let capacity: Int
    let keys: [HeadCache]
    let values: [HeadCache]

    /// Allocates room for `capacity` positions.
    package init(configuration: TransformerConfiguration, capacity: Int) {
        self.capacity = capacity
        func layers() -> [HeadCache] {
            (0..<configuration.layerCount).map { _ in
                HeadCache(
                    keyValueHeadCount: configuration.keyValueHeadCount, capacity: capacity,
                    headSize: configuration.headSize)
            }
        }
        keys = layers()
        values = layers()
    }

    /// Makes this empty cache begin with the first `count` positions of another: a shared prefix.
    package func adoptPrefix(of other: KVCache, count: Int) {
        precondition(self.count == 0 && count <= other.count, "\(count) positions of \(other.count)")
        for layer in keys.indices {
            keys[layer].copyPrefix(of: other.keys[layer], count: count)
            values[layer].copyPrefix(of: other.values[layer], count: count)
        }
        self.count = count
    }

    func advance(by tokens: Int) {
        count += tokens
    }
}
