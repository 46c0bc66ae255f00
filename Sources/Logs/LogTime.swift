import Foundation

/// A time of day, written as RFC 3339 has it: in UTC, to the millisecond.
package struct LogTime: Sendable {
    /// Since 1970.
    private let seconds: Int
    private let milliseconds: Int

    /// - Parameters:
    ///   - seconds: since 1970, not negative.
    ///   - milliseconds: below 1000.
    package init(seconds: Int, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    /// This moment.
    package static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// `2024-02-29T23:59:59.007Z`
    func append(to bytes: inout [UInt8]) {
        var (time, date) = (time_t(seconds), tm())
        gmtime_r(&time, &date)
        Self.append(date.tm_year + 1900, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.tm_mon + 1, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        Self.append(date.tm_mday, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        Self.append(date.tm_hour, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(date.tm_min, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.append(date.tm_sec, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        Self.append(Int32(milliseconds), digits: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func append(_ number: Int32, digits: Int, to bytes: inout [UInt8]) {
        var divisor: Int32 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
