// RFC 9112, sections 6, 7 and 8: where a body ends. What one server reads as a body and another as the next request is what
// request smuggling lives on. Names begin with the section.

private let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

/// Bodies whose end is clear.
let soundFramingVectors: [RequestVector] = [
    .init("9112-6.2 white space around a length", framed("Content-Length: \t5 \r\n"), "POST /e hello"),
    .init(
        "9112-6.2 many zeros ahead of a length",
        framed("Content-Length: " + String(repeating: "0", count: 100) + "5\r\n"), "POST /e hello"),
    .init(
        "9112-6.2 a body that looks like a request",
        framed("Content-Length: \(smuggled.utf8.count)\r\n", body: smuggled), "POST /e \(smuggled)"),
    .init("9112-6.2 GET with a length of 0", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "GET /"),
    .init("9112-6.2 HEAD with a body", "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "HEAD / hi"),
    .init(
        "9112-6.2 DELETE with chunks",
        "DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "DELETE / hi"),
    .init(
        "9112-6.2 a length shorter than what comes", framed("Content-Length: 5\r\n", body: "hello" + smuggled),
        "POST /e hello; GET /smuggled"),
    .init("9112-6.3 GET without a length has no body", withLine("") + smuggled, "GET /; GET /smuggled"),
    .init(
        "9112-6.1 chunked after white space", framed("Transfer-Encoding:\t chunked \r\n", body: "0\r\n\r\n"), "POST /e"),
    .init("9112-7.1 sixteen digits less one", chunked("000000000000005\r\nhello\r\n0\r\n\r\n"), "POST /e hello"),
    .init("9112-7.1 a chunk that looks like the last one", chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "POST /e 0\r\n\r\n"),
    .init(
        "9112-7.1 one byte a chunk", chunked(String(repeating: "1\r\nx\r\n", count: 50) + "0\r\n\r\n"),
        "POST /e " + String(repeating: "x", count: 50)),
    .init("9112-7.1.1 a quoted semicolon", chunked("5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n"), "POST /e hello"),
    .init("9112-7.1.1 a size in an extension", chunked("5;6\r\nhello\r\n0\r\n\r\n"), "POST /e hello"),
    .init("9112-7.1.1 an extension of the last chunk", chunked("5\r\nhello\r\n0;a=b\r\n\r\n"), "POST /e hello"),
    .init(
        "9112-7.1.2 trailers of framing are dropped",
        chunked("0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nHost: b\r\n\r\n") + smuggled,
        "POST /e; GET /smuggled"),
    .init(
        "9112-7.1.2 trailers of authority are dropped", chunked("0\r\nAuthorization: Bearer x\r\nX-API-Key: x\r\n\r\n"),
        "POST /e"),
    .init("9112-7.1.2 a Connection: close that comes too late", chunked("0\r\nConnection: close\r\n\r\n"), "POST /e"),
    .init("9112-7.1.2 100 trailers", chunked("0\r\n" + String(repeating: "A: b\r\n", count: 100) + "\r\n"), "POST /e"),
    .init(
        "9112-7 a request behind chunks and trailers", chunked("2\r\nhi\r\n0\r\nA: b\r\n\r\n") + smuggled,
        "POST /e hi; GET /smuggled"),
]

/// Bodies that have not come.
let unfinishedFramingVectors: [RequestVector] = [
    .init("9112-8 the greatest length, nothing of it", framed("Content-Length: 2000000\r\n", body: ""), "…"),
    .init("9112-8 the greatest chunk, nothing of it", chunked("1e8480\r\n"), "…"),
    .init("9112-8 a length without its last byte", framed("Content-Length: 6\r\n"), "…"),
    .init("9112-8 chunks without the last one", chunked("5\r\nhello\r\n"), "…"),
    .init("9112-8 a last chunk without its end", chunked("5\r\nhello\r\n0\r\n"), "…"),
    .init("9112-8 half a line end after a chunk", chunked("5\r\nhello\r"), "…"),
    .init("9112-8 a chunk size without a line end", chunked("5"), "…"),
]

/// Bodies whose end could be read in two ways, or is too far.
let faultyFramingVectors: [RequestVector] = [
    .init(
        "9112-6.1 CL.TE",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", "400"),
    .init(
        "9112-6.1 TE.CL",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n",
        "400"),
    .init(
        "9112-6.1 CL.TE, a length of 0", framed("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", body: smuggled),
        "400"),
    .init(
        "9112-6.1 CL.TE, the names in other cases", framed("content-length: 5\r\nTRANSFER-ENCODING: chunked\r\n"), "400"
    ),
    .init(
        "9112-6.1 CL.TE of a GET",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    .init("9112-6.1 TE.TE, one unknown", framed("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n"), "400"),
    .init(
        "9112-6.1 TE.TE, the unknown one first", framed("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n"),
        "501"),
    .init("9112-6.1 TE.TE, one line empty", framed("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"), "400"),
    .init(
        "9112-6.1 TE.TE, identity first", framed("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), "501"
    ),
    .init("9112-6.1 TE.TE, a comma at the end", framed("Transfer-Encoding: chunked,\r\n"), "400"),
    .init("9112-6.1 TE.TE, two commas", framed("Transfer-Encoding: gzip,,chunked\r\n"), "400"),
    .init("9112-6.1 chunked with something behind it", framed("Transfer-Encoding: chunked x\r\n"), "400"),
    .init("9112-6.1 nearly chunked, a letter more", framed("Transfer-Encoding: chunkedd\r\n"), "400"),
    .init("9112-6.1 nearly chunked, a hyphen", framed("Transfer-Encoding: chun-ked\r\n"), "400"),
    .init("9112-6.1 chunked and a no-break space", framed("Transfer-Encoding: chunked\u{A0}\r\n"), "400"),
    .init("9112-6.1 chunked with an empty parameter", framed("Transfer-Encoding: chunked;\r\n"), "400"),
    .init("9112-6.1 chunked in single quotation marks", framed("Transfer-Encoding: 'chunked'\r\n"), "400"),
    .init("9112-6.1 deflate", framed("Transfer-Encoding: deflate, chunked\r\n"), "501"),
    .init("9112-6.1 trailers of TE are no coding", framed("Transfer-Encoding: trailers\r\n"), "400"),
    .init(
        "9112-6.1 HTTP/1.0 with chunks and keep-alive",
        "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
    .init(
        "9112-6.3 three lengths, two equal", framed("Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 6\r\n"),
        "400"),
    .init("9112-6.3 a length and an empty one", framed("Content-Length: 5\r\nContent-Length:\r\n"), "400"),
    .init("9112-6.3 a list of lengths that differ", framed("Content-Length: 5, 6\r\n"), "400"),
    .init("9112-6.3 a list that ends in a comma", framed("Content-Length: 5,\r\n"), "400"),
    .init("9110-8.6 a quoted length", framed("Content-Length: \"5\"\r\n"), "400"),
    .init("9110-8.6 an octal length", framed("Content-Length: 0o5\r\n"), "400"),
    .init("9110-8.6 a length with an exponent", framed("Content-Length: 5e0\r\n"), "400"),
    .init("9110-8.6 a length with a separator", framed("Content-Length: 1_0\r\n"), "400"),
    .init("9110-8.6 a length with a semicolon", framed("Content-Length: 5;a\r\n"), "400"),
    .init("9110-8.6 a length of minus 0", framed("Content-Length: -0\r\n"), "400"),
    .init("9110-8.6 2 to the power of 64, plus 5", framed("Content-Length: 18446744073709551621\r\n"), "400"),
    .init("9110-8.6 2 to the power of 32, plus 5", framed("Content-Length: 4294967301\r\n"), "413"),
    .init("9110-15.5.14 one byte over the limit", framed("Content-Length: 2000001\r\n", body: ""), "413"),
    .init("9112-7.1 16 digits", chunked("0000000000000005\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a size that is negative in 64 bits", chunked("ffffffffffffffff\r\nhello"), "400"),
    .init("9112-7.1 a size with an h", chunked("5h\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a size with a point", chunked("5.0\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a size with a separator", chunked("1_0\r\n"), "400"),
    .init("9112-7.1 two sizes", chunked("5 5\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a size behind a tab", chunked("\t5\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 an extension without a size", chunked(";a\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 an equals sign behind a size", chunked("5=a\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 NUL in a size", chunked("5\0\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 CR CR LF behind a size", chunked("5\r\r\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 two bytes in the place of a line end", chunked("5\r\nhelloXX0\r\n\r\n"), "400"),
    .init("9112-7.1 a bare CR behind a chunk", chunked("5\r\nhello\rX0\r\n\r\n"), "400"),
    .init("9112-7.1 a bare LF ends an extension", chunked("5;a\nhello\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a bare LF in an extension hides a size", chunked("2;\nxx\r\n4c\r\n0\r\n\r\n"), "400"),
    .init("9112-7.1 a bare LF behind the last chunk", chunked("5\r\nhello\r\n0\n\r\n"), "400"),
    .init("9112-7.1 a bare LF at the very end", chunked("5\r\nhello\r\n0\r\n\n"), "400"),
    .init("9112-7.1 octets above ASCII in a size", chunked("\u{B2}\r\nhi\r\n0\r\n\r\n"), "400"),
    .init("9110-15.5.14 one chunk over the limit", chunked("5\r\nhello\r\n1e847c\r\n"), "413"),
    .init("9112-7.1.2 a space ahead of a trailer's colon", chunked("0\r\nA : b\r\n\r\n"), "400"),
    .init("9112-7.1.2 a bare LF in trailers", chunked("0\r\nA: b\n\r\n"), "400"),
    .init("9112-7.1.2 NUL in a trailer", chunked("0\r\nA: \0\r\n\r\n"), "400"),
    .init("9112-7.1.2 a request in the place of trailers", chunked("0\r\n" + smuggled), "400"),
    .init(
        "9112-9.3.2 nothing is read after an error", withLine("") + framed("Content-Length: x\r\n") + smuggled,
        "GET /; 400"),
    .init("9112-9.3.2 nothing is read after another error", "POST /a HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled, "411"),
]
