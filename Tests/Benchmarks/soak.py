#!/usr/bin/env python3
"""Keeps a grace-server busy for minutes, and says whether it stayed correct, and how its memory and queue behaved.

    swift build -c release --product grace-server
    Tests/Benchmarks/soak.py --clients 200 --seconds 300 [--texts FILE …] [--server-option=--precision=bfloat16]
    Tests/Benchmarks/soak.py --url http://127.0.0.1:8080 --pid 4711

Starts a server of its own, or takes a running one. Each client sends one request after another, drawn from a mix:
single texts, several, long ones, /explain, requests that others send too, requests that it abandons half-way, and
requests that must be refused. 429 is honest if it says when to come again; the client then waits so long. Any other
answer that is not the expected one, a connection that breaks, and a queue that is not empty when all clients have gone
are errors: the exit code is then 1. `--same-bits` also compares the answers to equal requests, which is right for
precisions whose vectors do not depend on the load.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from http_load import Answer, Client
from measures import percentile, resident_megabytes
from programs import grace_server, stop_at_signals
from texts import read_texts

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = "river market engine theory garden winter letter number signal copper bridge harvest mirror ocean".split()
# How often each kind of request is drawn.
MIX = {"single": 40, "several": 10, "long": 5, "explain": 10, "shared": 20, "abandoned": 10, "refused": 5}
RATIONALE_TOKENS = (0, 8, 16, 32, 64)
LONGEST_CHARACTERS = 3000
SHARED_REQUESTS = 16


@dataclass(frozen=True)
class Request:
    kind: str
    path: str
    body: dict[str, Any]


class Mix:
    """Draws requests: a generator of its own for each client, so that a seed always gives the same ones."""

    def __init__(self, seed: str, texts: list[str]) -> None:
        self.random = random.Random(seed)
        self.texts = texts
        shared = random.Random(seed.partition("/")[0])
        self.shared = [
            {"inputs": self.text(shared), "max_rationale_tokens": shared.choice(RATIONALE_TOKENS)}
            for _ in range(SHARED_REQUESTS)
        ]

    def text(self, source: random.Random) -> str:
        if self.texts:
            # A number makes it a text that nobody has sent.
            return f"{source.choice(self.texts)} [{source.randrange(10**9)}]"
        words = (source.choice(WORDS) for _ in range(source.randrange(3, 60)))
        return f"{' '.join(words)} {source.randrange(10**9)}."

    def draw(self) -> Request:
        source = self.random
        kind = source.choices(list(MIX), list(MIX.values()))[0]
        tokens = source.choice(RATIONALE_TOKENS)
        inputs: str | list[str] = self.text(source)
        if kind == "several":
            inputs = [self.text(source) for _ in range(source.randrange(2, 9))]
        if kind == "long":
            long = " ".join(self.text(source) for _ in range(50))
            inputs = long[: source.randrange(LONGEST_CHARACTERS // 2, LONGEST_CHARACTERS)]
        if kind == "shared":
            return Request(kind, "/embed", source.choice(self.shared))
        body = {"inputs": inputs, "max_rationale_tokens": tokens}
        if kind == "refused":
            body["dimensions"] = 0
        return Request(kind, "/explain" if kind == "explain" else "/embed", body)


@dataclass
class Report:
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    queue_seconds: list[float] = field(default_factory=list)
    texts: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    vectors: dict[str, bytes] = field(default_factory=dict)


class Soak:
    """The clients, and what they saw."""

    def __init__(self, arguments: argparse.Namespace, address: tuple[str, int], texts: list[str]) -> None:
        self.arguments, self.address, self.texts = arguments, address, texts
        self.report = Report()

    async def run(self, process: int | None) -> None:
        self.start = time.monotonic()
        self.end = self.start + self.arguments.seconds
        sampler = asyncio.create_task(self.sample(process))
        clients = {asyncio.create_task(self.client(number)) for number in range(self.arguments.clients)}
        # At the end, what is in flight is waited for: every request has to be answered.
        _, late = await asyncio.wait(clients, timeout=self.arguments.seconds + self.arguments.drain_seconds)
        for client in late:
            client.cancel()
            self.report.errors["a request without an answer when time was up"] += 1
        await self.check_queue()
        sampler.cancel()
        for client in clients - late:
            if (error := client.exception()) is not None:
                raise error

    async def client(self, number: int) -> None:
        mix, connection = Mix(f"{self.arguments.seed}/{number}", self.texts), Client(self.address)
        # Not all in the same instant: that would measure how fast a listener accepts.
        await asyncio.sleep(mix.random.uniform(0, 1))
        while time.monotonic() < self.end:
            request = mix.draw()
            patience = mix.random.uniform(0, 3) if request.kind == "abandoned" else None
            try:
                answer = await asyncio.wait_for(connection.send(request.path, request.body), patience)
            except asyncio.TimeoutError:
                self.report.statuses["abandoned"] += 1
            except (OSError, EOFError, ValueError) as error:
                self.report.errors[f"{request.kind}: {type(error).__name__}: {error}"] += 1
                await asyncio.sleep(1)
            else:
                await self.check(request, answer)
        connection.close()

    async def check(self, request: Request, answer: Answer) -> None:
        self.report.statuses[str(answer.status)] += 1
        expected = 422 if request.kind == "refused" else 200
        if answer.status == 429 and answer.headers.get("retry-after", "").isdigit():
            await asyncio.sleep(int(answer.headers["retry-after"]))
        elif answer.status != expected:
            body = answer.body[:200].decode(errors="replace")
            self.report.errors[f"{request.kind}: {answer.status} instead of {expected}: {body}"] += 1
        elif expected == 200:
            self.count(request, answer)

    def count(self, request: Request, answer: Answer) -> None:
        inputs = request.body["inputs"]
        count = 1 if isinstance(inputs, str) else len(inputs)
        if len(answer.json()) != count:
            self.report.errors[f"{request.kind}: {len(answer.json())} results instead of {count}"] += 1
        self.report.texts += count
        self.report.seconds.append(answer.seconds)
        if "x-queue-time" in answer.headers:
            self.report.queue_seconds.append(int(answer.headers["x-queue-time"]) / 1000)
        if self.arguments.same_bits and request.kind == "shared":
            digest = hashlib.sha256(answer.body).digest()
            if self.report.vectors.setdefault(json.dumps(request.body), digest) != digest:
                self.report.errors["shared: equal requests, different vectors"] += 1

    async def sample(self, process: int | None) -> None:
        while process is not None:
            self.report.memory.append((time.monotonic() - self.start, resident_megabytes(process)))
            await asyncio.sleep(1)

    async def check_queue(self) -> None:
        """Abandoned texts leave within a moment."""
        client, queue = Client(self.address), {}
        try:
            for _ in range(50):
                queue = (await client.send("/info")).json()["queue"]
                if not any(queue.values()):
                    client.close()
                    return
                await asyncio.sleep(0.2)
        except (OSError, EOFError) as error:
            self.report.errors[f"the server does not answer any more: {error}"] += 1
        else:
            self.report.errors[f"all clients have gone, and the queue is {queue}"] += 1


def slope(points: list[tuple[float, float]]) -> float:
    """The least-squares line's rise for each unit of time."""
    if len(points) < 2:
        return 0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def lines(report: Report, seconds: float) -> Iterator[str]:
    yield f"{report.texts} texts in {seconds:.0f} s: {report.texts / seconds:.1f} texts/s"
    yield "answers: " + ", ".join(f"{status} {count}" for status, count in sorted(report.statuses.items()))
    for name, values in (("latency", report.seconds), ("x-queue-time", report.queue_seconds)):
        shares = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        yield f"{name}: " + ", ".join(f"{title} {percentile(values, share):.2f} s" for title, share in shares)
    if memory := report.memory:
        later = memory[len(memory) // 2 :]
        yield (
            f"resident memory: {memory[0][1]:.0f} MB at the start, {memory[-1][1]:.0f} at the end, "
            f"{max(value for _, value in memory):.0f} at most; "
            f"{60 * slope(later):+.1f} MB a minute in the second half"
        )
    for error, count in report.errors.most_common(20):
        yield f"ERROR, {count} times: {error}"


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a running server, http://HOST:PORT")
    parser.add_argument("--pid", type=int, help="of that server, for its memory")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server that is started")
    parser.add_argument("--clients", type=int, default=200, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=300, help="(%(default)s)")
    parser.add_argument("--drain-seconds", type=float, default=180, help="for the last answers (%(default)s)")
    parser.add_argument("--texts", type=Path, action="append", default=[], help=".jsonl, or a text in each line")
    parser.add_argument("--seed", type=int, default=0, help="another one sends other texts (%(default)s)")
    parser.add_argument("--same-bits", action="store_true", help="equal requests must get equal vectors, bit for bit")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    texts = read_texts(arguments.texts, longest=1000)
    with ExitStack() as stack:
        process, url = arguments.pid, arguments.url
        if url is None:
            options = ["--models", str(arguments.models), *arguments.server_option]
            server = stack.enter_context(grace_server(arguments.binary, options))
            process, url = server.process.pid, server.url
            print(server.printed().strip())
        host, _, port = url.rstrip("/").removeprefix("http://").rpartition(":")
        soak = Soak(arguments, (host, int(port)), texts)
        started, processor = time.monotonic(), time.process_time()
        asyncio.run(soak.run(process))
        seconds = time.monotonic() - started
        for line in lines(soak.report, seconds):
            print(line)
        print(f"the clients themselves took {100 * (time.process_time() - processor) / seconds:.0f}% of a processor")
    return 1 if soak.report.errors else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
