"""Processes that send what `fuzz_requests` draws, and count every answer."""

from __future__ import annotations

import multiprocessing
import random
import re
import socket
import ssl
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from fuzz_requests import Requests, Sending, Stream

# A final status: an error may quote a status line, but no Date follows that.
STATUS = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [^\r\n]*\r\nDate: ")
PATIENCE_SECONDS = 20
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
ROUND = 50


@dataclass
class Tally:
    """What a worker sent and saw."""

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    # How many answers of reset connections may be counted by the server and were not seen.
    unseen: int = 0
    resets: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.kinds += other.kinds
        self.statuses += other.statuses
        self.unseen += other.unseen
        self.resets += other.resets
        self.errors += other.errors


class Worker:
    def __init__(self, address: tuple[str, int], seed: str, document: dict[str, Any]) -> None:
        self.address = address
        self.requests = Requests(seed, document)
        self.random = random.Random(f"{seed}/sending")
        self.tally = Tally()
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def exchange(self, stream: Stream) -> None:
        self.tally.kinds[stream.kind] += stream.count
        received = b""
        try:
            with socket.create_connection(self.address, PATIENCE_SECONDS) as connection:
                received = self.converse(connection, stream)
        except TimeoutError:
            self.tally.errors[f"{stream.kind}, {stream.sending.value}: no end after {PATIENCE_SECONDS} s"] += 1
            self.tally.errors[f"… such as {stream.content[:300]!r}"] += 1
        except OSError:
            # Of a stream whose head is refused the server may not read the rest.
            self.tally.resets += 1
            self.tally.unseen += self.most_answers(stream)
        self.count(received)

    def count(self, received: bytes) -> None:
        self.tally.statuses.update(int(status) for status in STATUS.findall(received))

    @staticmethod
    def most_answers(stream: Stream) -> int:
        return stream.content.count(b"HTTP/1.") + 1

    def converse(self, connection: socket.socket, stream: Stream) -> bytes:
        match stream.sending:
            case Sending.ENCRYPTED:
                with self.context.wrap_socket(connection) as encrypted:
                    encrypted.sendall(stream.content + b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    return self.read(encrypted)
            case Sending.SPOILED:
                # Kept, or closing it would close the socket.
                encrypted = self.context.wrap_socket(connection, do_handshake_on_connect=True)
                with socket.socket(fileno=encrypted.detach()) as plain:
                    plain.settimeout(PATIENCE_SECONDS)
                    return self.send(plain, Stream(stream.kind, stream.content, 1, Sending.WHOLE))
            case _:
                return self.send(connection, stream)

    def send(self, connection: socket.socket, stream: Stream) -> bytes:
        if stream.sending is Sending.SLICED:
            cut = self.random.randrange(len(stream.content) + 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(stream.content[:cut])
            time.sleep(0.002)
            connection.sendall(stream.content[cut:])
        else:
            connection.sendall(stream.content)
        if stream.sending is Sending.ABORTED:
            time.sleep(self.random.choice((0, 0, 0.001, 0.01)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.tally.unseen += self.most_answers(stream)
            return b""
        connection.shutdown(socket.SHUT_WR)
        return self.read(connection)

    def read(self, connection: socket.socket) -> bytes:
        received = []
        try:
            while piece := connection.recv(1 << 18):
                received.append(piece)
        except TimeoutError:
            self.count(b"".join(received))
            raise
        except OSError:
            self.tally.resets += 1
            self.tally.unseen += 1
        return b"".join(received)


def work(address: tuple[str, int], seed: str, document: dict[str, Any], encrypted: bool, todo: Any, done: Any) -> None:
    """The body of a process: sends until `todo`, a shared number of requests, is used up."""
    worker = Worker(address, seed, document)
    draw = worker.requests.draw_encrypted if encrypted else worker.requests.draw
    while todo.value > 0:
        before = sum(worker.tally.kinds.values())
        for _ in range(ROUND):
            worker.exchange(draw())
        with todo.get_lock():
            todo.value -= sum(worker.tally.kinds.values()) - before
    done.put(worker.tally)


class Workers:
    def __init__(
        self, address: tuple[str, int], count: int, requests: int, seed: str, document: dict[str, Any], encrypted: bool
    ) -> None:
        self.todo = multiprocessing.Value("q", requests)
        self.done: Any = multiprocessing.Queue()
        self.processes = [
            multiprocessing.Process(
                target=work, args=(address, f"{seed}/{number}", document, encrypted, self.todo, self.done), daemon=True
            )
            for number in range(count)
        ]
        for process in self.processes:
            process.start()

    def are_busy(self) -> bool:
        return any(process.is_alive() for process in self.processes) and self.done.qsize() < len(self.processes)

    def stop(self) -> None:
        """At the end of what is under way."""
        with self.todo.get_lock():
            self.todo.value = 0

    def tally(self) -> Tally:
        result = Tally()
        for process in self.processes:
            try:
                result.add(self.done.get(timeout=60))
            except Exception as error:  # noqa: BLE001 - a worker that failed must not hide the others
                result.errors[f"a worker gave no result: {type(error).__name__}"] += 1
        for process in self.processes:
            process.join(10)
        return result
