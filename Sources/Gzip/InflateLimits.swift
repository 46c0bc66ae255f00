/// What compressed data may cost.
package struct InflateLimits: Sendable, Equatable {
    /// The most inflated bytes.
    package var maxSize: Int
    /// The most inflated bytes for each compressed one, once there are more than ``freeSize`` of them. Text comes to 3 to 20;
    /// the format allows 1032, which is what bombs are made of.
    package var maxRatio: Int
    /// So many inflated bytes are let pass whatever their ratio: a few equal lines are no attack.
    package static let freeSize = 256 * 1024

    /// - Precondition: `maxSize` is not negative, and `maxRatio` is at least 1.
    package init(maxSize: Int, maxRatio: Int = 250) {
        precondition(maxSize >= 0 && maxRatio >= 1, "limits that allow nothing: \(maxSize) bytes, ratio \(maxRatio)")
        self.maxSize = maxSize
        self.maxRatio = maxRatio
    }
}
