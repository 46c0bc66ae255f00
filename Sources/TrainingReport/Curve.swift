/// A curve that is to be drawn, of a bounded number of points.
struct Curve {
    typealias Point = TrainingMetrics.Point

    /// What was measured.
    let raw: [Point]
    /// A mean over neighbours, which shows where it goes; nil where there are too few points to need one.
    let smooth: [Point]?

    /// More points than this no screen shows.
    static let pointLimit = 400
    /// Fewer points than this are looked at one by one.
    private static let smoothingMinimum = 16

    init(_ points: [Point]) {
        raw = Self.thinned(points, keeping: .extremes)
        guard points.count >= Self.smoothingMinimum else {
            smooth = nil
            return
        }
        smooth = Self.isNoisy(points) ? Self.thinned(Self.smoothed(points), keeping: .means) : nil
    }

    /// Whether points leave the line between their neighbours by more than a hundredth of what they range over, on average.
    /// What does not, a schedule for example, is drawn as it is.
    private static func isNoisy(_ points: [Point]) -> Bool {
        let usual = usualRange(of: points.map(\.value))
        let bend = (1..<points.count - 1).reduce(0) { sum, index in
            let middle = points[index - 1].value / 2 + points[index + 1].value / 2
            return sum + abs(points[index].value - middle) / Double(points.count)
        }
        return bend > 0.01 * (usual.upperBound - usual.lowerBound)
    }

    /// The value at the end, without its noise.
    var last: Double { (smooth ?? raw).last?.value ?? 0 }

    /// What nearly all values are within: all of them, but where a few are far out.
    ///
    /// - Precondition: there is a value.
    static func usualRange(of values: [Double]) -> ClosedRange<Double> {
        let sorted = values.sorted()
        let (low, high) = (sorted[0], sorted[sorted.count - 1])
        guard sorted.count >= 50 else { return low...high }
        let (first, last) = (sorted[sorted.count / 50], sorted[sorted.count - 1 - sorted.count / 50])
        let most = last / 2 - first / 2
        guard most > 0, high / 2 - low / 2 > 4 * most else { return low...high }
        return max(low, first - most)...min(high, last + most)
    }

    /// At each point the value of the line that fits its neighbours best, those within a fifteenth of the curve on either
    /// side: unlike a mean it does not bend at the ends. A few far values count as the last of the usual ones.
    static func smoothed(_ points: [Point]) -> [Point] {
        let reach = max(3, points.count / 15)
        let usual = usualRange(of: points.map(\.value))
        let origin = usual.lowerBound
        let scale = max(usual.upperBound / 2 - origin / 2, .leastNormalMagnitude)
        // Sums up to each point of values and of values times places, so that a window's are two subtractions.
        var sums = [(value: 0.0, product: 0.0)]
        for (index, point) in points.enumerated() {
            let value = (min(max(point.value, origin), usual.upperBound) / 2 - origin / 2) / scale
            let last = sums[index]
            sums.append((last.value + value, last.product + value * Double(index)))
        }
        return points.indices.map { index in
            let start = max(0, index - reach)
            let end = min(points.count, index + reach + 1)
            let count = Double(end - start)
            let middle = Double(start + end - 1) / 2
            let mean = (sums[end].value - sums[start].value) / count
            // Of consecutive places the squares of the distances to the middle add up to this.
            let squares = count * (count * count - 1) / 12
            let slope = (sums[end].product - sums[start].product - middle * count * mean) / squares
            let fitted = min(max(mean + slope * (Double(index) - middle), 0), 1)
            return Point(step: points[index].step, value: origin + fitted * scale + fitted * scale)
        }
    }

    enum Kept {
        /// Of each run of points the least and the greatest: no spike is lost.
        case extremes
        /// Of each run of points the mean.
        case means
    }

    /// At most `pointLimit` points, the first and the last among them.
    static func thinned(_ points: [Point], keeping kept: Kept) -> [Point] {
        guard points.count > pointLimit else { return points }
        let inner = points[1..<points.count - 1]
        let runCount = kept == .extremes ? (pointLimit - 2) / 2 : pointLimit - 2
        var result = [points[0]]
        for run in 0..<runCount {
            let start = inner.startIndex + run * inner.count / runCount
            let end = inner.startIndex + (run + 1) * inner.count / runCount
            let part = inner[start..<end]
            guard let least = part.indices.min(by: { part[$0].value < part[$1].value }),
                let greatest = part.indices.max(by: { part[$0].value < part[$1].value })
            else { continue }
            switch kept {
            case .extremes:
                result += Set([least, greatest]).sorted().map { part[$0] }
            case .means:
                let count = Double(part.count)
                result.append(
                    Point(
                        step: part.reduce(0) { $0 + $1.step / count },
                        value: part.reduce(0) { $0 + $1.value / count }))
            }
        }
        return result + [points[points.count - 1]]
    }
}
