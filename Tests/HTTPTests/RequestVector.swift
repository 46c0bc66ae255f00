import Foundation
import HTTP
import Testing

/// A literal byte stream and what the parser makes of it.
struct RequestVector: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
    /// `METHOD path?query body` of each request, or the status of the refusal, or `…` for an unfinished request, joined
    /// with `; `.
    let outcome: String
    /// What becomes of the connection.
    let ending: Ending
    /// How many of the requests are answered, where one asks for the end and others follow it.
    private let answerCount: Int?

    enum Ending: Sendable {
        /// It waits for the next request.
        case keeps
        /// It is closed after the last answer.
        case closes
        /// It waits for the rest of a request, and answers its end with 400.
        case waits
    }

    /// - Parameter ending: by default what the outcome's end makes likely: a connection is closed after a refusal, and kept
    ///   after an answer.
    init(
        _ description: String, _ text: String, _ outcome: String, _ ending: Ending? = nil, answerCount: Int? = nil
    ) {
        testDescription = description
        self.text = text
        self.outcome = outcome
        self.answerCount = answerCount
        let last = outcome.split(separator: "; ").last ?? ""
        self.ending = ending ?? (last == "…" ? .waits : Int(last) != nil ? .closes : .keeps)
    }

    /// The statuses of all answers until the connection is closed, by either side.
    var statuses: [Int] {
        let parts = outcome.components(separatedBy: "; ").filter { !$0.isEmpty }
        return parts.prefix(answerCount ?? parts.count).map { $0 == "…" ? 400 : Int($0) ?? 200 }
    }

    /// The bytes: one Latin-1 character each, so that any octet can be written.
    var bytes: [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }
}

/// Feeds `bytes` in slices of the given sizes, the last of them repeated, and describes what came out.
func outcome(of bytes: [UInt8], slices: [Int], limits: HTTPLimits = HTTPLimits()) -> String {
    var parser = RequestParser(limits: limits)
    var parts: [String] = []
    var start = 0
    var sliceIndex = 0
    do {
        while start < bytes.count {
            let slice = slices[min(sliceIndex, slices.count - 1)]
            let end = start + min(bytes.count - start, slice)
            parser.feed(Array(bytes[start..<end]))
            while let event = try parser.next() {
                guard case .request(let request) = event else { continue }
                parts.append(description(of: request))
            }
            start = end
            sliceIndex += 1
        }
        if !parser.isBetweenRequests { parts.append("…") }
    } catch {
        parts.append(String(error.status.code))
    }
    return parts.joined(separator: "; ")
}

private func description(of request: HTTPRequest) -> String {
    var text = "\(request.method) \(request.path)"
    if let query = request.query { text += "?\(query)" }
    if !request.body.isEmpty { text += " " + String(decoding: request.body, as: UTF8.self) }
    return text
}
