/// Requests that are understood, and in which way.
let acceptedVectors: [RequestVector] =
    plainVectors + soundRequestLineVectors + soundFieldVectors + soundFramingVectors

private let plainVectors: [RequestVector] = [
    .init("a minimal request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
    .init("a query", "GET /a?b=c&d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b=c&d"),
    .init("an empty query", "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?"),
    .init("a second question mark", "GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b?c"),
    .init("percent-encodings, kept", "GET /%61%2F HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%61%2F"),
    .init("every character of a path", "GET /-._~!$&'()*+,;=:@ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /-._~!$&'()*+,;=:@"),
    .init("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET /", .closes),
    .init("a later minor version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET /"),
    .init("one empty line ahead", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
    .init("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /"),
    .init("a Host with a port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", "GET /"),
    .init("a Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET /"),
    .init("an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /"),
    .init("a name in capitals", "GET / HTTP/1.1\r\nHOST: a\r\n\r\n", "GET /"),
    .init("no space after the colon", "GET / HTTP/1.1\r\nHost:a\r\n\r\n", "GET /"),
    .init("tabs and spaces around a value", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET /"),
    .init("an empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", "GET /"),
    .init("octets above ASCII in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{E9}\u{FF}\r\n\r\n", "GET /"),
    .init("absolute-form", "GET http://a.example/b?c HTTP/1.1\r\nHost: x\r\n\r\n", "GET /b?c"),
    .init("absolute-form without a path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
    .init("absolute-form, no path, a query", "GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?b"),
    .init("absolute-form, scheme in capitals", "GET HTTPS://a:1/b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /b"),
    .init("asterisk-form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *"),
    .init("OPTIONS of a server in absolute-form", "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *"),
    .init("Content-Length", "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "POST /e hello"),
    .init("Content-Length: 0", "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST /e"),
    .init(
        "zeros ahead of a length", "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello", "POST /e hello"),
    .init("a GET with a body", "GET /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "GET /e hi"),
    .init("HTTP/1.0 with Content-Length", "POST /e HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "POST /e hi", .closes),
    .init("DELETE without a length", "DELETE /e HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE /e"),
    .init("one chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), "POST /e hello"),
    .init("two chunks", chunked("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"), "POST /e hello"),
    .init("no chunk", chunked("0\r\n\r\n"), "POST /e"),
    .init("a chunk size in capitals", chunked("A\r\n0123456789\r\n0\r\n\r\n"), "POST /e 0123456789"),
    .init("zeros ahead of a chunk size", chunked("0005\r\nhello\r\n00\r\n\r\n"), "POST /e hello"),
    .init("line ends inside a chunk", chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "POST /e \r\n\r\n"),
    .init("chunk extensions", chunked("5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"), "POST /e hello"),
    .init("white space ahead of an extension", chunked("5 \t;a\r\nhello\r\n0\r\n\r\n"), "POST /e hello"),
    .init("trailers", chunked("5\r\nhello\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n"), "POST /e hello"),
    .init("chunked in capitals", chunked("0\r\n\r\n", coding: "CHUNKED"), "POST /e"),
    .init(
        "two requests in a row", "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a; GET /b"),
    .init(
        "a request after a body",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /a hi; GET /b"),
    .init(
        "a request after chunks", chunked("1\r\nx\r\n0\r\n\r\n") + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /e x; GET /b"),
    .init(
        "an expectation", "PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", "PUT /e x"
    ),
    .init(
        "an expectation of HTTP/1.0", "PUT /e HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\nx", "PUT /e x", .closes),
]

/// Requests that have not ended.
let unfinishedVectors: [RequestVector] = unfinishedRequestVectors + unfinishedFramingVectors

private let unfinishedRequestVectors: [RequestVector] = [
    .init("nothing", "", ""),
    .init("an empty line alone", "\r\n", "…"),
    .init("half a request line", "GET / HT", "…"),
    .init("no end of the head", "GET / HTTP/1.1\r\nHost: a\r\n", "…"),
    .init("a CR at the end", "GET / HTTP/1.1\r", "…"),
    .init("a part of a body", "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", "…"),
    .init("a part of a chunk", chunked("5\r\nhel"), "…"),
    .init("no end of the trailers", chunked("0\r\nA: b\r\n"), "…"),
    .init("a request and a half", "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET", "GET /a; …"),
]

/// A POST to `/e` with the given body as it stands on the wire.
func chunked(_ body: String, coding: String = "chunked") -> String {
    "POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(coding)\r\n\r\n\(body)"
}

/// A GET with one further header line, which is complete with its line end.
func withLine(_ line: String) -> String {
    "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n"
}

/// A POST with the given framing lines, each complete with its line end.
func framed(_ lines: String, body: String = "hello") -> String {
    "POST /e HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\(body)"
}
