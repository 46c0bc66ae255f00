// RFC 9112, section 5, and RFC 9110, sections 5, 7 and 10: fields. Names begin with the section.

/// Fields that are understood.
let soundFieldVectors: [RequestVector] = [
    .init("9110-5.1 every character of a name", withLine("!#$%&'*+-.^_`|~09AZaz: y\r\n"), "GET /"),
    .init("9110-5.3 two lines of one name", withLine("X: a\r\nx: b\r\n"), "GET /"),
    .init("9110-5.5 a colon in a value", withLine("X: a:b\r\n"), "GET /"),
    .init("9110-5.5 a value that looks like a field", withLine("X: Content-Length: 5\r\n"), "GET /"),
    .init("9110-5.5 an open quotation mark", withLine("X: \"a\r\n"), "GET /"),
    .init("9110-5.5 a tab inside a value", withLine("X: a\tb\r\n"), "GET /"),
    .init("9112-5 white space alone", withLine("X: \t \r\n"), "GET /"),
    .init(
        "9112-5 names that only resemble those of framing",
        withLine("Content_Length: 5\r\nX-Transfer-Encoding: chunked\r\n"), "GET /"),
    .init("9112-5.4 100 fields", withLine(String(repeating: "X: y\r\n", count: 99)), "GET /"),
    .init(
        "9110-5.4 the longest head", withLine("X: " + String(repeating: "y", count: 32 * 1024 - 32) + "\r\n"), "GET /"),
    .init("9110-7.2 a percent-encoded host", "GET / HTTP/1.1\r\nHost: %61\r\n\r\n", "GET /"),
    .init("9110-7.2 the greatest port", "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", "GET /"),
    .init("9110-7.2 an IPv4 address", "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "GET /"),
    .init("9110-7.2 Host as the last field", "GET / HTTP/1.1\r\nX: y\r\nHost: a\r\n\r\n", "GET /"),
    .init(
        "9110-7.8 an upgrade to HTTP/2 is ignored",
        withLine("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"), "GET /"),
    .init(
        "9110-7.8 an upgrade to WebSocket is ignored", withLine("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        "GET /"),
    .init(
        "9110-7.6.1 Connection names framing, which stays",
        "POST /e HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nhi", "POST /e hi"),
    .init("9110-7.6.1 close", withLine("Connection: close\r\n"), "GET /", .closes),
    .init("9110-7.6.1 close in a list, in capitals", withLine("Connection: x, CLOSE\r\n"), "GET /", .closes),
    .init(
        "9110-7.6.1 close in a second line", withLine("Connection: keep-alive\r\nConnection: close\r\n"), "GET /",
        .closes),
    .init("9110-7.6.1 nearly close", withLine("Connection: closed\r\n"), "GET /"),
    .init("9112-9.3 HTTP/1.0 closes", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET /", .closes),
    .init("9112-9.3 HTTP/1.0 that asks is kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET /"),
    .init(
        "9112-9.3.2 three in a row, the second the last",
        withLine("") + withLine("Connection: close\r\n") + withLine(""), "GET /; GET /; GET /", .closes, answerCount: 2),
    .init("9110-10.1.1 an expectation without a body", withLine("Expect: 100-continue\r\n"), "GET /"),
    .init(
        "9110-10.1.1 an expectation, the body at once",
        "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", "POST /e hi"),
    .init(
        "9110-10.1.1 an expectation of chunks",
        "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "POST /e hi"),
]

/// Fields that are refused.
let faultyFieldVectors: [RequestVector] = [
    .init("9112-5.1 a space ahead of Host's colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
    .init("9112-5.1 a space ahead of Content-Length's colon", framed("Content-Length : 5\r\n"), "400"),
    .init("9112-5.1 a space ahead of Transfer-Encoding's colon", framed("Transfer-Encoding : chunked\r\n"), "400"),
    .init("9112-5.1 a vertical tab ahead of a colon", framed("Transfer-Encoding\u{B}: chunked\r\n"), "400"),
    .init("9112-5.1 a no-break space ahead of a colon", framed("Transfer-Encoding\u{A0}: chunked\r\n"), "400"),
    .init("9112-5.1 a NUL in a name", withLine("X\0Y: z\r\n"), "400"),
    .init("9112-5.1 a comma in a name", withLine("X,Y: z\r\n"), "400"),
    .init("9112-5.1 a slash in a name", withLine("X/Y: z\r\n"), "400"),
    .init("9112-5.1 a quoted name", withLine("\"X\": z\r\n"), "400"),
    .init("9112-5.2 a folded Transfer-Encoding", framed("Transfer-Encoding:\r\n chunked\r\n"), "400"),
    .init("9112-5.2 a folded Content-Length", framed("Content-Length: 5\r\n 0\r\n"), "400"),
    .init("9112-5.2 a line of white space alone", withLine("X: y\r\n \r\n"), "400"),
    .init(
        "9112-2.2 white space ahead of Content-Length, the first field",
        "POST / HTTP/1.1\r\n Content-Length: 5\r\nHost: a\r\n\r\nhello", "400"),
    .init("9112-2.2 a bare LF ends Host", "GET / HTTP/1.1\r\nHost: a\n\r\n", "400"),
    .init("9112-2.2 bare LF throughout", "GET / HTTP/1.1\nHost: a\n\n", "400"),
    .init("9112-2.2 a bare CR ends a field", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "400"),
    .init(
        "9112-2.2 a bare CR hides Transfer-Encoding",
        "POST / HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n", "400"),
    .init("9112-2.2 CR CR LF", withLine("X: y\r\r\n"), "400"),
    .init("9112-2.2 LF CR", "GET / HTTP/1.1\r\nHost: a\n\r\n\r", "400"),
    .init(
        "9112-2.2 a bare LF hides Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\nhello",
        "400"),
    .init("9110-5.5 DEL in a value", withLine("X: \u{7F}\r\n"), "400"),
    .init("9110-5.5 a bell in a value", withLine("X: \u{7}\r\n"), "400"),
    .init("9110-5.5 a backspace in a name", withLine("X\u{8}: y\r\n"), "400"),
    .init(
        "9110-5.4 one byte too long a head", withLine("X: " + String(repeating: "y", count: 32 * 1024 - 31) + "\r\n"),
        "431"),
    .init("9110-5.4 one field too many", withLine(String(repeating: "X: y\r\n", count: 100)), "431"),
    .init("9110-5.4 many empty fields", withLine(String(repeating: "X:\r\n", count: 100)), "431"),
    .init("9110-5.4 a long name", withLine(String(repeating: "X", count: 33_000) + ": y\r\n"), "431"),
    .init("9110-7.2 a Host twice in different case", "GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a scheme", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a query", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", "400"),
    .init("9110-7.2 a Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a negative port", "GET / HTTP/1.1\r\nHost: a:-1\r\n\r\n", "400"),
    .init("9110-7.2 a Host with octets above ASCII", "GET / HTTP/1.1\r\nHost: \u{E9}\r\n\r\n", "400"),
    .init("9110-7.2 a Host with a quotation mark", "GET / HTTP/1.1\r\nHost: a\"\r\n\r\n", "400"),
    .init("9110-7.2 a Host with half an encoding", "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", "400"),
    .init("9110-7.2 something after an address", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "400"),
    .init("9110-7.2 an empty address", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", "400"),
    .init(
        "9110-10.1.1 an unknown expectation of a POST",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 5\r\n\r\nhello", "417"),
    .init("9110-10.1.1 an expectation with a parameter", withLine("Expect: 100-continue;a=b\r\n"), "417"),
    .init("9110-10.1.1 an empty expectation", withLine("Expect:\r\n"), "417"),
]
