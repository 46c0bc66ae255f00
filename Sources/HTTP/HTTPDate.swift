import Glibc

/// Dates as HTTP writes them.
package enum HTTPDate {
    private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A time as IMF-fixdate, for example `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    ///
    /// - Parameter seconds: since 1970-01-01 00:00:00 UTC, not negative.
    package static func text(secondsSince1970 seconds: Int) -> String {
        precondition(seconds >= 0, "a date before 1970: \(seconds)")
        var (time, date) = (time_t(seconds), tm())
        gmtime_r(&time, &date)
        return "\(dayNames[Int(date.tm_wday)]), \(twoDigits(date.tm_mday)) \(monthNames[Int(date.tm_mon)]) "
            + "\(date.tm_year + 1900) \(twoDigits(date.tm_hour)):\(twoDigits(date.tm_min)):\(twoDigits(date.tm_sec)) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
