/// Appends a finite number as short as reads back to the same value, as the standard library writes it.
///
/// A vector has hundreds of numbers, and a string for each is most of what an answer costs. Numbers of usual size are
/// written here; the others, and the few for which the sums below could be wrong, are left to the standard library.
func appendShortest(_ value: Float, to bytes: inout [UInt8]) {
    let magnitude = value.magnitude
    guard magnitude >= 1e-4, magnitude < 16_777_216, let decimal = ShortDecimal(magnitude) else {
        bytes.append(contentsOf: value.description.utf8)
        return
    }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    decimal.append(to: &bytes)
}

/// A number `digits * 10^exponent`.
private struct ShortDecimal {
    let digits: Int
    let exponent: Int

    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13]

    /// The shortest between a number's two borders, beyond which decimals read back to its neighbours; nil where it is not
    /// certain.
    ///
    /// - Precondition: `value` lies from 1e-4 up to 2^24.
    init?(_ value: Float) {
        let exact = Double(value)
        // Nine digits tell any two float32 apart.
        var power = 1
        while exact * Self.powers[power] < 1e8 { power += 1 }
        let scale = Self.powers[power]
        // The middles between neighbours are exact; a product of about 1e9 is at most 1.2e-7 beside the true one.
        let lower = (exact + Double(value.nextDown)) / 2 * scale
        let upper = (exact + Double(value.nextUp)) / 2 * scale
        guard Self.isCertain(lower), Self.isCertain(upper) else { return nil }
        let (least, most) = (Int(lower) + 1, Int(upper))
        var (step, zeros) = (1, 0)
        while most / (step * 10) * (step * 10) >= least {
            step *= 10
            zeros += 1
        }
        // Of those that are as short, the nearest.
        var nearest = Int((exact * scale / Double(step)).rounded())
        if nearest * step < least { nearest += 1 }
        if nearest * step > most { nearest -= 1 }
        digits = nearest
        exponent = zeros - power
    }

    /// Whether the integer below a border is that below the true one.
    private static func isCertain(_ border: Double) -> Bool {
        abs(border - border.rounded()) > 1e-6
    }

    /// Appends it with digits on both sides of a point.
    func append(to bytes: inout [UInt8]) {
        var count = 1
        var rest = digits
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        let whole = count + exponent
        let zero = UInt8(ascii: "0")
        let point = UInt8(ascii: ".")
        if whole <= 0 {
            bytes.append(zero)
            bytes.append(point)
            for _ in whole..<0 { bytes.append(zero) }
        }
        let start = bytes.count
        let isSplit = whole > 0 && whole < count
        bytes.append(contentsOf: repeatElement(zero, count: count + (isSplit ? 1 : 0)))
        rest = digits
        var place = bytes.count - 1
        while place >= start {
            if isSplit, place == start + whole {
                bytes[place] = point
            } else {
                bytes[place] = zero + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            place -= 1
        }
        if whole >= count {
            for _ in count..<whole { bytes.append(zero) }
            bytes.append(point)
            bytes.append(zero)
        }
    }
}
