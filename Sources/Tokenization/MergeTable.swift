/// The merges by their pair of tokens: an open-addressing hash table, because merging is little else than looking up.
struct MergeTable: Sendable {
    /// What becomes of a pair.
    struct Merge {
        /// The place in the list of merges: lower goes first.
        var rank: UInt32
        var result: TokenID
    }

    /// The key of no pair: identifiers are not negative.
    private static let vacant = UInt64.max

    /// The left token in the high half and the right in the low; as many as a power of two, at most half of them used.
    private var keys: [UInt64]
    private var merges: [Merge]
    /// How far to shift a hash to make it an index.
    private let shift: UInt64
    /// Odd and random, so that no file can be written whose pairs all collide.
    private let multiplier: UInt64

    /// An empty table with space for `capacity` pairs.
    init(capacity: Int) {
        let bits = max(4, Int.bitWidth - (2 * capacity).leadingZeroBitCount)
        keys = Array(repeating: Self.vacant, count: 1 << bits)
        merges = Array(repeating: Merge(rank: 0, result: 0), count: 1 << bits)
        shift = UInt64(UInt64.bitWidth - bits)
        multiplier = UInt64.random(in: .min ... .max) | 1
    }

    /// The merge of two tokens, if they merge.
    subscript(left: TokenID, right: TokenID) -> Merge? {
        let slot = slot(of: Self.key(left, right))
        return keys[slot] == Self.vacant ? nil : merges[slot]
    }

    /// Sets the merge of two tokens; there must not be more than the capacity.
    mutating func set(_ merge: Merge, for left: TokenID, _ right: TokenID) {
        let key = Self.key(left, right)
        let slot = slot(of: key)
        keys[slot] = key
        merges[slot] = merge
    }

    private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Where a pair is, or the vacant slot where it belongs.
    private func slot(of key: UInt64) -> Int {
        var slot = Int((key &* multiplier) >> shift)
        while keys[slot] != key, keys[slot] != Self.vacant {
            slot = (slot + 1) & (keys.count - 1)
        }
        return slot
    }
}
