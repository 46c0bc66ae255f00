"""A small HTTP/1.1 client for many requests at once, on one thread.

A thread for each client would take processor time from the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

LIMIT = 1 << 26

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@dataclass(frozen=True)
class Answer:
    """A response, and how long it took from the request's first byte to the last of its own."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, opened when it is needed, and kept.

    `dial` opens it, where that takes more than an address: another source, TLS, a Unix socket. `fields` go with every
    request.
    """

    def __init__(
        self, address: tuple[str, int], dial: Dial | None = None, fields: dict[str, str] | None = None
    ) -> None:
        self.address = address
        self.dial = dial or (lambda: asyncio.open_connection(*address, limit=LIMIT))
        self.fields = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
        self.writer: asyncio.StreamWriter | None = None

    async def send(self, path: str, body: Any = None) -> Answer:
        """Posts `body` as JSON, or gets without one.

        A connection that fails is closed, and so is one whose request is cancelled: the server sees its client go.
        """
        try:
            return await self.exchange(path, body)
        except BaseException:
            self.close()
            raise

    async def exchange(self, path: str, body: Any) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: {self.address[0]}\r\n{self.fields}"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        return await self.transfer(f"{head}\r\n".encode() + content)

    async def transfer(self, request: bytes) -> Answer:
        """Sends a request as it stands, and reads its answer."""
        await self.open()
        start = time.perf_counter()
        self.writer.write(request)
        await self.writer.drain()
        status, headers = await self.read_head()
        while status < 200:
            status, headers = await self.read_head()
        answer = Answer(status, headers, await self.read_body(headers), time.perf_counter() - start)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def open(self) -> None:
        """Opens the connection, if it is not open."""
        if self.writer is None:
            self.reader, self.writer = await self.dial()

    async def read_head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.strip().lower(): value.strip() for name, _, value in fields}

    async def read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readuntil(b"\r\n")
        return body

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None


@dataclass(frozen=True)
class Run:
    """The answers to a list of requests, in its order, and the time that all of them took."""

    answers: list[Answer]
    seconds: float


def run(address: tuple[str, int], path: str, bodies: Sequence[Any], concurrency: int) -> Run:
    """Posts all `bodies`: each of `concurrency` clients sends its next request when it has its answer.

    Ends the program at an answer that is not 200, for its time would be no measurement.
    """
    return asyncio.run(run_clients(address, path, bodies, concurrency))


async def run_clients(address: tuple[str, int], path: str, bodies: Sequence[Any], concurrency: int) -> Run:
    answers: list[Answer | None] = [None] * len(bodies)
    todo = iter(range(len(bodies)))

    async def work() -> None:
        client = Client(address)
        for index in todo:
            answers[index] = await client.send(path, bodies[index])
        client.close()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    seconds = time.perf_counter() - start
    complete = [answer for answer in answers if answer is not None]
    for answer in complete:
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
    return Run(complete, seconds)


def get(address: tuple[str, int], path: str) -> Any:
    """The JSON of one resource."""

    async def once() -> Answer:
        client = Client(address)
        answer = await client.send(path)
        client.close()
        return answer

    return asyncio.run(once()).json()
