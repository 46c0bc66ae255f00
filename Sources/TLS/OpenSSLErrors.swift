import COpenSSL
import Glibc

/// OpenSSL's queue of errors, which belongs to the thread: an old entry in it is taken for the reason of a later failure.
enum OpenSSLErrors {
    /// Forgets what earlier calls on this thread have left.
    static func clear() {
        ERR_clear_error()
    }

    /// The reason of the failure that just was, the oldest in the queue, which is then empty.
    static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason given" }
        // Errors of the operating system have this bit and the number of the error.
        let systemFlag: UInt = 1 << 31
        if code & systemFlag != 0 {
            return String(cString: strerror(Int32(truncatingIfNeeded: code & (systemFlag - 1))))
        }
        guard let text = ERR_reason_error_string(code) else { return "error \(String(code, radix: 16))" }
        return String(cString: text)
    }
}
