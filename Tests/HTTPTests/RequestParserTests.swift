import HTTP
import TestSupport
import Testing

@Suite("RequestParser")
struct RequestParserTests {
    @Test("A request stream has one outcome, however it is sliced", arguments: acceptedVectors + unfinishedVectors)
    func accepts(_ vector: RequestVector) {
        expectOutcome(of: vector)
    }

    @Test("A faulty request is refused with its status, however it is sliced", arguments: refusedVectors)
    func refuses(_ vector: RequestVector) {
        expectOutcome(of: vector)
    }

    private func expectOutcome(of vector: RequestVector) {
        #expect(outcome(of: vector.bytes, slices: [max(1, vector.bytes.count)]) == vector.outcome)
        #expect(outcome(of: vector.bytes, slices: [1]) == vector.outcome)
        #expect(outcome(of: vector.bytes, slices: [max(1, vector.bytes.count / 2), .max]) == vector.outcome)
        var generator = SeededGenerator(seed: 9112)
        for _ in 0..<20 {
            let slices = (0..<10).map { _ in Int.random(in: 1...40, using: &generator) }
            #expect(outcome(of: vector.bytes, slices: slices) == vector.outcome, "slices \(slices)")
        }
    }

    @Test("The limits themselves are allowed")
    func limitsAreInclusive() {
        var limits = HTTPLimits()
        limits.maxRequestLineLength = 15
        limits.maxHeaderCount = 2
        limits.maxHeadSize = 15 + 2 + 9 + 6 + 2
        limits.maxBodySize = 3
        let lines = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n"
        #expect(outcome(of: Array("\(lines)\r\n".utf8), slices: [1], limits: limits) == "GET /a")
        #expect(outcome(of: Array("GET /ab HTTP/1.1\r\n".utf8), slices: [1], limits: limits) == "414")
        #expect(outcome(of: Array("\(lines)Y: z\r\n".utf8), slices: [1], limits: limits) == "431")
        #expect(
            outcome(of: Array("GET /a HTTP/1.1\r\nHost: ab\r\nX: yz\r\n\r\n".utf8), slices: [1], limits: limits)
                == "431")
        let post = "POST / HTTP/1.0\r\nContent-Length: "
        limits.maxHeadSize = 100
        #expect(outcome(of: Array("\(post)3\r\n\r\nabc".utf8), slices: [1], limits: limits) == "POST / abc")
        #expect(outcome(of: Array("\(post)4\r\n\r\nabcd".utf8), slices: [1], limits: limits) == "413")
    }

    @Test("A head gives its parts")
    func headParts() throws {
        var parser = RequestParser(limits: HTTPLimits())
        parser.feed(
            Array("POST http://h/p?q HTTP/1.1\r\nhost: h\r\nX-A:  1 2\t\r\nx-a: 3,4\r\nContent-Length: 1\r\n\r\nz".utf8)
        )
        let headers: HTTPFields = ["host": "h", "X-A": "1 2", "x-a": "3,4", "Content-Length": "1"]
        let head = HTTPRequestHead(
            method: .post, target: "http://h/p?q", path: "/p", query: "q", version: .http11, headers: headers,
            framing: .length(1))
        #expect(try parser.next() == .head(head))
        #expect(parser.isReadingBody)
        #expect(try parser.next() == .request(HTTPRequest(head: head, body: [UInt8(ascii: "z")])))
        #expect(try parser.next() == nil)
        #expect(parser.isBetweenRequests)
        #expect(head.headers["x-A"] == "1 2")
        #expect(head.headers.values(of: "X-a") == ["1 2", "3,4"])
        #expect(head.headers.listElements(of: "x-a") == ["1 2", "3", "4"])
    }

    @Test("After an error nothing more is read")
    func errorsStay() {
        var parser = RequestParser(limits: HTTPLimits())
        parser.feed(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(throws: HTTPError.missingHost) { try parser.next() }
        parser.feed(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(throws: HTTPError.missingHost) { try parser.next() }
        #expect(parser.unreadByteCount == 0)
    }

    @Test(
        "An error names the place and both values",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\n", "line 2 ends in LF, not in CRLF"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n", "line 3 holds the control character 0x00"),
            ("GET /\u{1}\r\n", "line 1 holds the control character 0x01"),
            ("GET / HTTP/1.1\r\nA\u{E9}b\r\n", "line 2 is not a header field: \"A\\xC3\\xA9b\""),
            ("G / HTTP/1.1\r\nHost: a\r\n\r\n", "method \"G\" is not implemented"),
            (framed("Content-Length: 3000000\r\n"), "body of 3000000 bytes is larger than 2000000 bytes"),
            (framed("Content-Length: 5, 6\r\n"), "Content-Length is not one decimal number: \"5, 6\""),
            ("GET / HTTP/2.0\r\n", "protocol version \"HTTP/2.0\" is not supported, HTTP/1.1 and 1.0 are"),
        ])
    func errorMessages(text: String, message: String) {
        var parser = RequestParser(limits: HTTPLimits())
        parser.feed(Array(text.utf8))
        let error = #expect(throws: HTTPError.self) { while try parser.next() != nil {} }
        #expect(error?.description == message)
    }
}
