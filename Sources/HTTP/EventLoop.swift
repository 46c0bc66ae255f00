import Dispatch
import Glibc

/// A serial queue that several connections share, with what they can share because they run one after the other.
///
/// A few loops serve any number of connections: a queue for each would make threads under load.
///
/// Unchecked: the mutable parts are touched on `queue` only.
final class EventLoop: @unchecked Sendable {
    let queue: DispatchQueue
    /// Where connections receive, before they keep what came.
    var receiveBuffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var dateSecond = -1
    private var dateText = ""

    init(index: Int) {
        queue = DispatchQueue(label: "http.loop.\(index)")
    }

    /// The present `Date`, formatted once a second.
    var date: String {
        let second = max(0, time(nil))
        if second != dateSecond {
            dateSecond = second
            dateText = HTTPDate.text(secondsSince1970: second)
        }
        return dateText
    }
}
