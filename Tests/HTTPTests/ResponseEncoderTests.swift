import HTTP
import Testing

private let date = "Sun, 06 Nov 1994 08:49:37 GMT"

@Suite("ResponseEncoder, HTTPDate, Router")
struct ResponseEncoderTests {
    private func text(_ response: HTTPResponse, _ framing: ResponseFraming = ResponseFraming()) -> String {
        String(decoding: ResponseEncoder.encode(response, framing: framing, date: date), as: UTF8.self)
    }

    @Test("A response is its head and its body")
    func response() {
        let response = HTTPResponse(status: .ok, headers: ["Content-Type": "text/plain"], body: Array("hi".utf8))
        let head = "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        #expect(text(response) == head + "\r\nhi")
        #expect(text(response, ResponseFraming(connection: .close)) == head + "Connection: close\r\n\r\nhi")
        #expect(text(response, ResponseFraming(connection: .keepAlive)) == head + "Connection: keep-alive\r\n\r\nhi")
        #expect(text(response, ResponseFraming(omitsBody: true)) == head + "\r\n")
    }

    @Test("An empty response has a length, 204 has none")
    func emptyResponses() {
        #expect(text(HTTPResponse(status: .ok)) == "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Length: 0\r\n\r\n")
        let noContent = HTTPResponse(status: .noContent, body: [1])
        #expect(text(noContent) == "HTTP/1.1 204 No Content\r\nDate: \(date)\r\n\r\n")
    }

    @Test("No value of the application can break the framing")
    func injection() {
        let headers: HTTPFields = [
            "X": "a\r\nSet-Cookie: b\0", "Y\r\nZ": "c", "content-length": "7", "Transfer-Encoding": "chunked",
            "Connection": "x", "Date": "y",
        ]
        let head = "HTTP/1.1 200 OK\r\nDate: \(date)\r\nX: a  Set-Cookie: b \r\nContent-Length: 0\r\n\r\n"
        #expect(text(HTTPResponse(status: .ok, headers: headers)) == head)
    }

    @Test(
        "A date is an IMF-fixdate",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"), (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ])
    func dates(seconds: Int, expected: String) {
        #expect(HTTPDate.text(secondsSince1970: seconds) == expected)
    }

    private var router: Router {
        var router = Router { error, _ in
            HTTPResponse(status: error.status, body: Array(error.description.utf8))
        }
        router.add(.get, "/health") { _ in HTTPResponse(status: .ok) }
        router.add(
            .post, "/embed", refuse: { $0.headers["x"] == nil ? HTTPResponse(status: .unsupportedMediaType) : nil },
            respond: { HTTPResponse(status: .ok, body: $0.body) })
        router.add(.delete, "/embed") { _ in HTTPResponse(status: .noContent) }
        router.add(.get, "/models/{name}/ready") { _ in HTTPResponse(status: .accepted) }
        router.add(.get, "/models/first/ready") { _ in HTTPResponse(status: .conflict) }
        return router
    }

    @Test(
        "A router finds the route or says what there is",
        arguments: [
            (HTTPMethod.get, "/health", 200, nil), (.head, "/health", 200, nil), (.post, "/embed", 415, nil),
            (.delete, "/embed", 204, nil), (.get, "/embed", 405, "POST, DELETE"), (.post, "/health", 405, "GET, HEAD"),
            (.get, "/Health", 404, nil), (.get, "/health/", 404, nil), (.options, "*", 204, nil),
            (.options, "/health", 405, "GET, HEAD"), (.get, "/models/second/ready", 202, nil),
            (.get, "/models/first/ready", 409, nil), (.get, "/models//ready", 404, nil),
            (.get, "/models/a/b/ready", 404, nil), (.get, "/models/second", 404, nil),
            (.get, "/models/second/ready/", 404, nil), (.post, "/models/second/ready", 405, "GET, HEAD"),
        ] as [(HTTPMethod, String, Int, String?)])
    func routes(method: HTTPMethod, path: String, status: Int, allow: String?) async {
        let head = HTTPRequestHead(method: method, target: path, path: path)
        let response: HTTPResponse
        if let refusal = router.refuse(head) {
            response = refusal
        } else {
            response = await router.respond(to: HTTPRequest(head: head))
        }
        #expect(response.status.code == status)
        #expect(response.headers["allow"] == allow)
    }
}
