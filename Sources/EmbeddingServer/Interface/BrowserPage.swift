import Grace
import HTTP

/// A page that loads nothing: its styles and scripts stand in it, and run by a number that nobody can foresee.
///
/// What is sent is put together once, but for that number, which is another in each answer. The policy forbids
/// everything else, also to make markup of strings (`require-trusted-types-for`): a text that gets into the page stays
/// a text.
struct BrowserPage: Sendable {
    /// What stands before, between and behind the places of the number.
    private let parts: [[UInt8]]

    /// Puts a page together.
    ///
    /// - Parameters:
    ///   - html: has `{style}` and `{script}` where these belong, and `{nonce}` wherever something runs by the number.
    ///   - scripts: one after the other, in one element: they see each other.
    init(html: [UInt8], style: [UInt8] = [], scripts: [[UInt8]] = []) {
        let text = String(decoding: html, as: UTF8.self)
            .replacing("{style}", with: String(decoding: style, as: UTF8.self))
            .replacing("{script}", with: String(decoding: Array(scripts.joined(separator: "\n".utf8)), as: UTF8.self))
        parts = text.split(separator: "{nonce}", omittingEmptySubsequences: false).map { Array($0.utf8) }
    }

    /// The page, under a policy of its own.
    var response: HTTPResponse {
        let nonce = base64((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        let source = "'nonce-\(String(decoding: nonce, as: UTF8.self))'"
        return HTTPResponse(
            status: .ok,
            headers: [
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy":
                    "default-src 'none'; style-src \(source); script-src \(source); connect-src 'self'; img-src data:; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                    + "require-trusted-types-for 'script'; trusted-types 'none'",
                "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
            ],
            body: Array(parts.joined(separator: nonce)))
    }
}
