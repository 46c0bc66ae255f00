#!/usr/bin/env python3
"""Sends a million hostile requests to a grace-server, and says whether it lived, answered, and grew.

    swift build -c release --product grace-server
    Tests/Benchmarks/fuzz_server.py --requests 1000000 --model DIRECTORY
    Tests/Benchmarks/fuzz_server.py --requests 100000 --tls
    Tests/Benchmarks/fuzz_server.py --requests 50000 --binary BINARY-WITH-ADDRESS-SANITIZER --memory-share 10

Sent are damaged copies of the request vectors of Tests/HTTPTests, valid and damaged bodies for every route of
/openapi.json, damaged compression and bombs, and noise; with `--tls`, to a port with TLS, damaged handshakes and
records. Meanwhile /health must answer 200 within a second. At the end descriptors must be as before, memory flat after
the first fifth, and every answer that was seen must be counted by /metrics. A small model makes it quick.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fuzz_workers import Tally, Workers
from http_load import LIMIT, Answer, Client
from measures import descriptors, growth, opened, resident_megabytes
from programs import Server, grace_server, stop_at_signals
from server_metrics import Sample, by_status, requests, samples

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = [
    "--max-rationale-tokens", "2", "--rationale-tokens-limit", "16", "--max-input-tokens", "256",
    "--max-client-batch-size", "8", "--cache-entries", "256",
]
POLLING_SECONDS = 0.1
WARMING_REQUESTS = 2000
HEALTH_SECONDS = 1.0


class Fuzzing:
    def __init__(self, arguments: argparse.Namespace, server: Server, context: ssl.SSLContext | None) -> None:
        self.arguments, self.server = arguments, server
        self.context = context
        self.faults: list[str] = []
        self.memory: list[float] = []
        self.health: list[float] = []
        self.own: Counter[int] = Counter()
        self.counted: Counter[int] = Counter()
        self.tally = Tally()
        self.left = 0
        self.left_names: list[str] = []
        self.seconds = 0.0

    def client(self) -> Client:
        address = self.server.address
        return Client(address, dial=lambda: asyncio.open_connection(*address, limit=LIMIT, ssl=self.context))

    async def run(self) -> None:
        document = (await self.ask("/openapi.json")).json()
        # What is opened once, such as timers, is there afterwards.
        self.workers(document, WARMING_REQUESTS).tally()
        await asyncio.sleep(2)
        before = by_status(requests(await self.samples()))
        await asyncio.sleep(1)
        open_before = descriptors(self.server.process.pid)
        names_before = opened(self.server.process.pid)
        start = time.monotonic()
        workers = self.workers(document, self.arguments.requests)
        self.own.clear()
        # Scraping is a request, which is counted after it is answered.
        self.own[200] += 1
        end = start + 60 * self.arguments.minutes
        while workers.are_busy():
            await self.check_health()
            await asyncio.sleep(POLLING_SECONDS)
            if time.monotonic() > end or self.server.process.poll() is not None:
                workers.stop()
        self.tally = workers.tally()
        self.seconds = time.monotonic() - start
        if self.server.process.poll() is not None:
            return
        await self.settle(open_before)
        self.left = descriptors(self.server.process.pid) - open_before
        self.left_names = sorted(set(opened(self.server.process.pid)) - set(names_before))
        self.counted = by_status(requests(await self.samples())) - before

    def workers(self, document: Any, count: int) -> Workers:
        arguments = self.arguments
        return Workers(self.server.address, arguments.workers, count, str(arguments.seed), document, arguments.tls)

    async def settle(self, open_before: int) -> None:
        """Connections whose client is gone are noticed within some seconds."""
        end = time.monotonic() + 30
        while descriptors(self.server.process.pid) > open_before and time.monotonic() < end:
            await asyncio.sleep(0.2)
        await asyncio.sleep(1)

    async def ask(self, path: str) -> Answer:
        client = self.client()
        answer = await asyncio.wait_for(client.send(path), 30)
        client.close()
        return answer

    async def samples(self) -> list[Sample]:
        client = self.client()
        found = await samples(client)
        client.close()
        return found

    async def check_health(self) -> None:
        self.memory.append(resident_megabytes(self.server.process.pid))
        start = time.monotonic()
        try:
            answer = await self.ask("/health")
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self.faults.append(f"/health: {type(error).__name__}: {error}")
            return
        self.own[answer.status] += 1
        self.health.append(time.monotonic() - start)
        if answer.status != 200:
            self.faults.append(f"/health: {answer.status}")

    def judge(self) -> None:
        if (code := self.server.process.poll()) is not None:
            self.faults.append(f"the server ended with {code}")
            return
        self.faults += [f"{count} times: {error}" for error, count in self.tally.errors.most_common(20)]
        if (slowest := max(self.health, default=0)) > self.arguments.health_seconds:
            self.faults.append(f"/health took {slowest:.2f} s")
        if self.left > 0:
            self.faults.append(f"{self.left} descriptors more than before are open: {', '.join(self.left_names)}")
        # What is kept, and the machine's caches, fill up in the first fifth.
        later = self.memory[len(self.memory) // 5 :]
        if (share := growth(later)) > self.arguments.memory_share:
            self.faults.append(f"memory grew by {100 * share:.1f}% after the first fifth")
        seen = self.tally.statuses + self.own
        if not seen:
            self.faults.append("no answer was seen")
        if missing := seen - self.counted:
            self.faults.append(f"answers that /metrics has not counted: {missing}")
        more = sum(self.counted.values()) - sum(seen.values())
        if more > self.tally.unseen:
            self.faults.append(f"/metrics counted {more} more than was seen, {self.tally.unseen} can be explained")

    def lines(self) -> Iterator[str]:
        tally = self.tally
        yield "sent: " + ", ".join(f"{kind} {count}" for kind, count in tally.kinds.most_common())
        yield "answers: " + ", ".join(f"{status} {count}" for status, count in sorted(tally.statuses.items()))
        yield "counted: " + ", ".join(f"{status} {count}" for status, count in sorted(self.counted.items()))
        for fault in self.faults[:30]:
            yield f"ERROR: {fault}"
        total, later = sum(tally.kinds.values()), self.memory[len(self.memory) // 5 :] or [0]
        megabytes = ", ".join(f"{value:.0f}" for value in (self.memory[0], later[0], later[-1]))
        yield "| requests | seconds | answers | counted | resets | slowest /health | MB | growth |"
        yield "|---|---|---|---|---|---|---|---|"
        yield (
            f"| {total} | {self.seconds:.0f} | {sum(tally.statuses.values())} | {sum(self.counted.values())} "
            f"| {tally.resets} | {1000 * max(self.health, default=0):.0f} ms | {megabytes} "
            f"| {100 * growth(later):+.1f}% |"
        )


def make_certificate(directory: Path) -> list[str]:
    """A certificate for this machine, as options of the server."""
    key, certificate = directory / "server.key", directory / "server.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )
    return ["--tls-certificate", str(certificate), "--tls-key", str(key)]


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--model", help="a name, or a checkpoint's directory (the server's default)")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--requests", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--minutes", type=float, default=30, help="at most (%(default)s)")
    parser.add_argument("--workers", type=int, default=4, help="processes that send (%(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="(the time)")
    parser.add_argument("--tls", action="store_true", help="a port with TLS")
    parser.add_argument("--memory-share", type=float, default=0.05, help="that memory may grow by (%(default)s)")
    parser.add_argument("--health-seconds", type=float, default=HEALTH_SECONDS, help="(%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    with ExitStack() as stack:
        options, context = ["--models", str(arguments.models), *OPTIONS, *arguments.server_option], None
        if arguments.model:
            options += ["--model", arguments.model]
        if arguments.tls:
            options += make_certificate(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-"))))
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        server = stack.enter_context(grace_server(arguments.binary, options))
        print(server.printed().strip(), f"seed {arguments.seed}", sep="\n", flush=True)
        fuzzing = Fuzzing(arguments, server, context)
        asyncio.run(fuzzing.run())
        fuzzing.judge()
        for line in fuzzing.lines():
            print(line)
        if server.process.poll() is not None:
            print(server.printed()[-8000:])
    return 1 if fuzzing.faults else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
