#!/usr/bin/env python3
"""Opens thousands of connections to a grace-server, sends one request on each, and says what they cost while idle.

    swift build -c release --product grace-server
    Tests/Benchmarks/idle_connections.py --connections 10000

The server is started with a soft limit of 1024 descriptors, as a shell gives it: it has to raise its own. While the
connections wait, one client more goes on asking. At the end all of them are closed, and the server's descriptors must
be as many as before. The exit code is 0 if everybody was answered with 200 and memory grew by less than
`--megabytes`.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from http_load import Client
from measures import descriptors, percentile, resident_megabytes
from programs import grace_server, stop_at_signals

ROOT = Path(__file__).resolve().parent.parent.parent
SHELL_LIMIT = 1024
# What the program itself, and a server beside its connections, have open.
SPARE = 200
OPENED_AT_ONCE = 64
SETTLING_SECONDS = 2.0
PATIENCE_SECONDS = 30.0


@dataclass
class Report:
    """What was measured: memory in megabytes, before, with and after the connections."""

    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class IdleConnections:
    def __init__(self, address: tuple[str, int], process: int, count: int) -> None:
        self.address, self.process, self.count = address, process, count
        self.report = Report()

    async def run(self) -> None:
        # What the first requests take is no cost of idle connections.
        await self.close(await self.open(OPENED_AT_ONCE))
        await self.settle(descriptors(self.process))
        await self.measure()
        before = self.report.descriptors[0]
        clients = await self.open(self.count)
        await asyncio.sleep(SETTLING_SECONDS)
        await self.measure()
        await self.ask_meanwhile()
        if (held := self.report.descriptors[1] - before) < self.count:
            self.report.faults.append(f"{held} connections are open, not {self.count}")
        await self.close(clients)
        await self.settle(before)
        await self.measure()
        if (left := self.report.descriptors[2] - before) > 0:
            self.report.faults.append(f"{left} descriptors more than before are open")

    async def open(self, count: int) -> list[Client]:
        """So many connections, each after one answered request."""
        clients = [Client(self.address) for _ in range(count)]
        todo = iter(clients)

        async def work() -> None:
            for client in todo:
                try:
                    answer = await client.send("/health")
                except (OSError, EOFError, ValueError) as error:
                    self.report.faults.append(f"{type(error).__name__}: {error}")
                    return
                if answer.status != 200 or client.writer is None:
                    self.report.faults.append(f"/health: {answer.status}, and kept: {client.writer is not None}")
                    return

        await asyncio.gather(*(work() for _ in range(OPENED_AT_ONCE)))
        return clients

    async def ask_meanwhile(self) -> None:
        client = Client(self.address)
        for _ in range(200):
            self.report.seconds.append((await client.send("/health")).seconds)
        client.close()

    async def close(self, clients: list[Client]) -> None:
        for client in clients:
            client.close()
        await asyncio.sleep(0)

    async def settle(self, expected: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while descriptors(self.process) > expected and time.monotonic() < end:
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLING_SECONDS)

    async def measure(self) -> None:
        self.report.memory.append(resident_megabytes(self.process))
        self.report.descriptors.append(descriptors(self.process))


def raise_own_limit(count: int) -> None:
    """This program needs a descriptor for each connection, too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + SPARE:
        raise SystemExit(f"{count} connections need {count + SPARE} descriptors, the system allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + SPARE, hard))


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--connections", type=int, default=10_000, help="(%(default)s)")
    parser.add_argument("--megabytes", type=float, default=200, help="what they may cost (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    count = arguments.connections
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Inherited by the server, and raised for this program after it has started.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(SHELL_LIMIT, hard), hard))
    limit = str(count + SPARE)
    options = ["--models", str(arguments.models), "--max-connections", limit, "--max-connections-per-peer", limit]
    with grace_server(arguments.binary, [*options, *arguments.server_option]) as server:
        raise_own_limit(count)
        idle = IdleConnections(server.address, server.process.pid, count)
        asyncio.run(idle.run())
        report = idle.report
        print(server.printed().strip())
    before, held, after = report.memory
    if held - before >= arguments.megabytes:
        report.faults.append(f"memory grew by {held - before:.0f} MB")
    for fault in report.faults[:20]:
        print(f"ERROR: {fault}")
    kilobytes = 1024 * (held - before) / count
    print("| connections | MB before, with, after | KB a connection | descriptors | p99 of /health |")
    print("|---|---|---|---|---|")
    print(
        f"| {count} | {before:.0f}, {held:.0f}, {after:.0f} | {kilobytes:.1f} "
        f"| {', '.join(map(str, report.descriptors))} | {1000 * percentile(report.seconds, 0.99):.1f} ms |"
    )
    return 1 if report.faults else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
