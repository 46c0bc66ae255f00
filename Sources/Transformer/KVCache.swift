import Tensors

/// The keys and values of one sequence: for every layer `[keyValueHeads, headSize, capacity]` and
/// `[keyValueHeads, capacity, headSize]`.
package final class KVCache {
    /// Positions that hold a token.
    package private(set) var count = 0
    /// Positions that there is room for.
    package let capacity: Int
    let keys: [KeyCache]
    let values: [ValueCache]

    /// Allocates room for `capacity` positions.
    package init(configuration: TransformerConfiguration, capacity: Int) {
        self.capacity = capacity
        let c = configuration
        keys = (0..<c.layerCount).map { _ in
            KeyCache(keyValueHeadCount: c.keyValueHeadCount, capacity: capacity, headSize: c.headSize)
        }
        values = (0..<c.layerCount).map { _ in
            ValueCache(keyValueHeadCount: c.keyValueHeadCount, capacity: capacity, headSize: c.headSize)
        }
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
