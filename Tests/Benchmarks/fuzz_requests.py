"""Draws what is sent to a server that is fuzzed: streams of requests, each with the way in which it is sent."""

from __future__ import annotations

import gzip
import random
import ssl
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fuzz_bodies import Bodies, damaged
from request_vectors import request_vectors

BATCH = 8
# Below what a connection reads ahead: a client that first sends and then reads must not wait for itself.
BATCH_BYTES = 48 * 1024
PATHS = ["/e", "/embed", "/explain", "/v1/embeddings", "/health", "/info"]
FIELDS = [
    "Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0, *", "Authorization: Bearer a", "x-request-timeout: 5",
    "x-request-timeout: 1e9", "x-request-timeout: 0", "traceparent: 00-0-0-0",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x-request-id: " + "i" * 128,
    "Connection: close", "Connection: keep-alive, upgrade", "Upgrade: h2c", "Expect: 100-continue",
    "Range: bytes=0-1,2-3", "TE: trailers", "Cookie: " + "c=d; " * 60, "Origin: null",
]


class Sending(Enum):
    """How a stream is sent. All but `ABORTED` read every answer."""

    WHOLE = "whole"
    SLICED = "in slices"
    # Closed with a reset, at once.
    ABORTED = "aborted"
    # Inside of TLS.
    ENCRYPTED = "encrypted"
    # A handshake, and then other bytes.
    SPOILED = "spoiled"


@dataclass(frozen=True)
class Stream:
    kind: str
    content: bytes
    count: int
    sending: Sending


def bombs() -> list[tuple[str, bytes]]:
    """Content codings and bodies that inflate to far more than is allowed, or to nothing that ends."""
    zeros = bytes(30_000_000)
    once = gzip.compress(zeros, 9)
    # Many members, each short: limits must hold for all of them together.
    members = gzip.compress(bytes(1000)) * 2000
    return [
        ("gzip", once), ("gzip", gzip.compress(once)), ("gzip", members), ("gzip", once[:1000]), ("gzip", b"\x1f\x8b"),
        ("gzip", gzip.compress(b'{"inputs":"' + zeros + b'"}')), ("deflate", zlib.compress(zeros, 9)),
        ("gzip, gzip", gzip.compress(once)),
    ]


class Requests:
    """A generator of its own for each worker, so that a seed always gives the same streams."""

    def __init__(self, seed: str, document: dict[str, Any]) -> None:
        self.random = random.Random(seed)
        self.bodies = Bodies(document)
        self.vectors = [vector for vector in request_vectors() if len(vector) < 4000]
        self.bombs = bombs()
        self.hello = client_hello()

    def draw(self) -> Stream:
        """For a port without TLS."""
        draws: list[tuple[Callable[[], Stream], float]] = [
            (self.protocol, 30), (self.batch, 64), (self.compressed, 5), (self.bomb, 0.3), (self.noise, 0.7),
        ]
        return self.random.choices([draw for draw, _ in draws], [weight for _, weight in draws])[0]()

    def draw_encrypted(self) -> Stream:
        """For a port with TLS."""
        match self.random.randrange(6):
            case 0 | 1:
                return Stream("damaged handshake", damaged(self.random, self.hello), 1, self.sending())
            case 2:
                return self.noise()
            case 3:
                return self.protocol()
            case 4:
                return Stream("encrypted", self.batch().content, 1, Sending.ENCRYPTED)
            case _:
                noise = self.random.randbytes(self.random.randrange(1, 400))
                return Stream("spoiled records", noise, 1, Sending.SPOILED)

    def sending(self) -> Sending:
        ways = [Sending.WHOLE, Sending.SLICED, Sending.ABORTED]
        return self.random.choices(ways, [90, 7, 3])[0]

    def protocol(self) -> Stream:
        """A vector of the HTTP tests, damaged."""
        content = damaged(self.random, self.random.choice(self.vectors))
        if self.random.random() < 0.3:
            content = content.replace(b" /e ", b" " + self.random.choice(PATHS).encode() + b" ")
        if self.random.random() < 0.3:
            content = self.random.choice(self.vectors) + content
        return Stream("protocol", content, 1, self.sending())

    def batch(self) -> Stream:
        """Some requests to routes, one behind the other."""
        content, count = b"", 0
        while count < BATCH and len(content) < BATCH_BYTES // 4:
            content += self.request()
            count += 1
        return Stream("routes", content, count, self.sending())

    def request(self) -> bytes:
        if self.random.random() < 0.1:
            path = self.random.choice(self.bodies.gets).replace("{", "%7B").replace("}", "%7D")
            return self.head("GET", path) + b"\r\n"
        path = self.random.choice(list(self.bodies.routes))
        return self.post(path, self.bodies.body(self.random, path))

    def post(self, path: str, body: bytes, coding: str | None = None) -> bytes:
        head = self.head("POST", path) + b"Content-Type: application/json\r\n"
        if coding is not None:
            head += f"Content-Encoding: {coding}\r\n".encode()
        if self.random.random() < 0.1:
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + self.chunks(body)
        return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body

    def head(self, method: str, path: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: a"]
        lines += [self.random.choice(FIELDS) for _ in range(self.random.choice((0, 0, 0, 1, 2)))]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def chunks(self, body: bytes) -> bytes:
        result = b""
        while body:
            size = self.random.randrange(1, len(body) + 1)
            result += f"{size:x}\r\n".encode() + body[:size] + b"\r\n"
            body = body[size:]
        return result + b"0\r\n\r\n"

    def compressed(self) -> Stream:
        path = self.random.choice(list(self.bodies.routes))
        body = self.bodies.body(self.random, path)
        coding = self.random.choice(("gzip", "deflate", "GZIP", "br", "gzip, deflate", "identity", "x-gzip"))
        content = zlib.compress(body) if coding == "deflate" else gzip.compress(body, 1)
        if self.random.random() < 0.6:
            content = damaged(self.random, content)
        return Stream("compressed", self.post(path, content, coding), 1, self.sending())

    def bomb(self) -> Stream:
        coding, content = self.random.choice(self.bombs)
        return Stream("bomb", self.post("/embed", content, coding), 1, Sending.WHOLE)

    def noise(self) -> Stream:
        return Stream("noise", self.random.randbytes(self.random.randrange(1, 2000)), 1, self.sending())


def client_hello() -> bytes:
    """The first record of a client of TLS."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()
