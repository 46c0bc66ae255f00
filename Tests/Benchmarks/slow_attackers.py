#!/usr/bin/env python3
"""Attacks a server with connections that do nothing, or that never read what they asked for.

    Tests/Benchmarks/slow_attackers.py silent --url http://127.0.0.1:8080 --connections 1000 --seconds 30

`slow_peers.py` runs it beside slowhttptest, as a program of its own so that honest clients are timed undisturbed. What
the server closes is opened again.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import sys
import time

# As small as the system allows: what is not read waits in the server.
RECEIVE_BUFFER = 1
OPENED_AT_ONCE = 50
PAUSE_SECONDS = 0.05


def post(path: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + content


METRICS = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
ATTACKS = {
    # Nothing is sent.
    "silent": b"",
    # As many large answers as one connection may ask for ahead, none read.
    "unread-answers": METRICS * 200,
    # A stream of events that is never read.
    "unread-stream": post("/explain", {"inputs": "A river bends twice.", "stream": True, "max_rationale_tokens": 64}),
}


class Attack:
    def __init__(self, address: tuple[str, int], sent: bytes) -> None:
        self.address, self.sent = address, sent
        self.selector = selectors.DefaultSelector()
        self.open = 0
        self.closed_by_server = 0

    def connect(self) -> None:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        connection.settimeout(2)
        try:
            connection.connect(self.address)
            connection.setblocking(False)
            if self.sent:
                connection.send(self.sent)
        except OSError:
            connection.close()
            return
        # Only its end is noticed: reading would let the server write on.
        self.selector.register(connection, selectors.EVENT_READ if not self.sent else selectors.EVENT_WRITE)
        self.open += 1

    def run(self, connections: int, end: float) -> None:
        while time.monotonic() < end:
            for _ in range(min(OPENED_AT_ONCE, connections - self.open)):
                self.connect()
            self.drop_closed()
            time.sleep(PAUSE_SECONDS)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def drop_closed(self) -> None:
        for key, _ in self.selector.select(0):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            if self.is_open(connection):
                continue
            self.selector.unregister(connection)
            connection.close()
            self.open -= 1
            self.closed_by_server += 1

    def is_open(self, connection: socket.socket) -> bool:
        try:
            if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return False
            return bool(self.sent) or connection.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attack", choices=list(ATTACKS))
    parser.add_argument("--url", required=True)
    parser.add_argument("--connections", type=int, default=1000, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=30, help="(%(default)s)")
    arguments = parser.parse_args()
    host, _, port = arguments.url.removeprefix("http://").partition(":")
    attack = Attack((host, int(port)), ATTACKS[arguments.attack])
    attack.run(arguments.connections, time.monotonic() + arguments.seconds)
    print(f"{attack.open} connections open at the end, {attack.closed_by_server} were closed by the server")
    return 0


if __name__ == "__main__":
    sys.exit(main())
