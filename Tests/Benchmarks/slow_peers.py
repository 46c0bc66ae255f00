#!/usr/bin/env python3
"""Attacks a grace-server with slow peers while honest clients use it, and says what those notice.

    apt-get install slowhttptest
    swift build -c release --product grace-server
    Tests/Benchmarks/slow_peers.py --seconds 20 --rounds 2

The attacks are the four modes of slowhttptest, connections that send nothing, and clients that never read large answers
or a stream of events. Honest clients get /health, embed a text that is in the cache and texts that are not, from
127.0.0.2, so that limits for each peer tell them from the attackers on 127.0.0.1. Every attack follows a calm time of
the same length, `--rounds` times. No honest request may fail, and the slowest hundredth of each kind may take at most
`--ratio` times as long under the attack as in the calm, or `--floor` milliseconds; else the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import resource
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from http_load import LIMIT, Client
from measures import descriptors, percentile, resident_megabytes
from programs import Server, grace_server, stop_at_signals

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HONEST_SOURCE = ("127.0.0.2", 0)
THINKING_SECONDS = 0.005
# Attackers that were started have their connections by then.
BUILDING_UP_SECONDS = 3
SLOWHTTPTEST = {
    "slow heads": ["-H", "-i", "5"],
    "slow bodies": ["-B", "-i", "5", "-s", "100000", "-t", "POST"],
    "ranges": ["-R", "-t", "GET", "-a", "5", "-b", "3000"],
    "slow readers": ["-X", "-w", "1", "-y", "16", "-n", "5", "-z", "1", "-k", "10"],
}
PATHS = {"slow heads": "/health", "slow bodies": "/embed", "ranges": "/metrics", "slow readers": "/metrics"}
OWN_ATTACKS = ("silent", "unread-answers", "unread-stream")
KINDS = ("/health", "cached /embed", "uncached /embed")


@dataclass
class Phase:
    """What honest clients saw: seconds of each kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    errors: Counter[str] = field(default_factory=Counter)

    def milliseconds(self, kind: str, share: float) -> float:
        return 1000 * percentile(self.seconds[kind], share)


class HonestClients:
    """One client of each kind, one request after another."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.numbers = itertools.count()

    async def run(self, phase: Phase, end: float) -> None:
        await asyncio.gather(*(self.client(kind, phase, end) for kind in KINDS))

    async def client(self, kind: str, phase: Phase, end: float) -> None:
        client = Client(
            self.address,
            dial=lambda: asyncio.open_connection(*self.address, limit=LIMIT, local_addr=HONEST_SOURCE),
        )
        while time.monotonic() < end:
            try:
                path, body = self.request(kind)
                start = time.perf_counter()
                answer = await asyncio.wait_for(client.send(path, body), 20)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                phase.errors[f"{kind}: {type(error).__name__}: {error}"] += 1
                await asyncio.sleep(0.2)
                continue
            if answer.status != 200:
                phase.errors[f"{kind}: {answer.status}: {answer.body[:200].decode(errors='replace')}"] += 1
            # With the time to connect.
            phase.seconds[kind].append(time.perf_counter() - start)
            if len(phase.seconds[kind]) % 10 == 0:
                # New clients have to get in, too.
                client.close()
            await asyncio.sleep(THINKING_SECONDS)
        client.close()

    def request(self, kind: str) -> tuple[str, object]:
        if kind == "/health":
            return "/health", None
        text = "The river bends twice before it reaches the old mill."
        if kind.startswith("uncached"):
            text = f"Note {next(self.numbers)}: {text}"
        return "/embed", {"inputs": text, "max_rationale_tokens": 0}


@dataclass
class Result:
    """One attack: calm times and attacked ones, and the server's memory and descriptors at most and afterwards."""

    calm: Phase = field(default_factory=Phase)
    attacked: Phase = field(default_factory=Phase)
    megabytes: float = 0
    descriptors: int = 0
    said: str = ""


class Comparison:
    def __init__(self, arguments: argparse.Namespace, server: Server) -> None:
        self.arguments, self.server = arguments, server
        self.clients = HonestClients(server.address)
        self.results: dict[str, Result] = {}

    def command(self, attack: str) -> list[str]:
        seconds = int(self.arguments.seconds + BUILDING_UP_SECONDS)
        connections = str(self.arguments.connections)
        if attack in OWN_ATTACKS:
            return [
                sys.executable, str(HERE / "slow_attackers.py"), attack, "--url", self.server.url, "--connections",
                connections, "--seconds", str(seconds),
            ]
        return [
            "slowhttptest", *SLOWHTTPTEST[attack], "-c", connections, "-r", str(self.arguments.rate), "-l",
            str(seconds), "-u", self.server.url + PATHS[attack], "-f", "application/json", "-v", "1", "-p", "5",
        ]

    async def run(self) -> None:
        await self.clients.run(Phase(), time.monotonic() + 2)
        for attack in self.arguments.attack or [*SLOWHTTPTEST, *OWN_ATTACKS]:
            result = self.results[attack] = Result()
            for _ in range(self.arguments.rounds):
                await self.clients.run(result.calm, time.monotonic() + self.arguments.seconds)
                await self.attack(attack, result)

    async def attack(self, attack: str, result: Result) -> None:
        process = await asyncio.create_subprocess_exec(
            *self.command(attack), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            await asyncio.sleep(BUILDING_UP_SECONDS)
            sampler = asyncio.create_task(self.sample(result))
            await self.clients.run(result.attacked, time.monotonic() + self.arguments.seconds)
            sampler.cancel()
        finally:
            if process.returncode is None:
                process.terminate()
            output, _ = await process.communicate()
        lines = output.decode(errors="replace").strip().splitlines()
        result.said = lines[-1] if lines else ""
        await asyncio.sleep(1)

    async def sample(self, result: Result) -> None:
        process = self.server.process.pid
        while True:
            result.megabytes = max(result.megabytes, resident_megabytes(process))
            result.descriptors = max(result.descriptors, descriptors(process))
            await asyncio.sleep(0.5)

    def faults(self) -> Iterator[str]:
        for attack, result in self.results.items():
            for title, phase in (("calm", result.calm), (attack, result.attacked)):
                for error, count in phase.errors.most_common(10):
                    yield f"{title}, {count} times: {error}"
            for kind in KINDS:
                calm, attacked = (phase.milliseconds(kind, 0.99) for phase in (result.calm, result.attacked))
                if attacked > max(self.arguments.floor, self.arguments.ratio * calm):
                    yield f"{attack}: p99 of {kind} is {attacked:.1f} ms, {calm:.1f} in the calm before"
            if not all(result.attacked.seconds.values()):
                yield f"{attack}: nobody was served"
            # A run without attackers has proved nothing; ranges are answered, and their connections closed, at once.
            if attack != "ranges" and result.descriptors < self.arguments.connections / 2:
                yield f"{attack}: at most {result.descriptors} descriptors were open"
        if self.server.process.poll() is not None:
            yield f"the server ended with {self.server.process.returncode}"

    def lines(self) -> Iterator[str]:
        yield f"| attack | descriptors | MB | {' | '.join(f'{kind}: calm, attacked' for kind in KINDS)} | requests |"
        yield "|---|---|---|" + "---|" * len(KINDS) + "---|"
        for attack, result in self.results.items():
            cells = [
                ", ".join(
                    f"{phase.milliseconds(kind, 0.5):.1f} / {phase.milliseconds(kind, 0.99):.1f}"
                    for phase in (result.calm, result.attacked)
                )
                for kind in KINDS
            ]
            count = sum(len(values) for phase in (result.calm, result.attacked) for values in phase.seconds.values())
            yield f"| {attack} | {result.descriptors} | {result.megabytes:.0f} | {' | '.join(cells)} | {count} |"


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--attack", action="append", choices=[*SLOWHTTPTEST, *OWN_ATTACKS], help="(all)")
    parser.add_argument("--seconds", type=float, default=20, help="of each calm and each attack (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="(%(default)s)")
    parser.add_argument("--connections", type=int, default=1000, help="of each attack (%(default)s)")
    parser.add_argument("--rate", type=int, default=500, help="connections a second that it opens (%(default)s)")
    parser.add_argument("--ratio", type=float, default=1.5, help="(%(default)s)")
    parser.add_argument("--floor", type=float, default=20, help="milliseconds that are always allowed (%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    if shutil.which("slowhttptest") is None:
        raise SystemExit("slowhttptest is not installed: apt-get install slowhttptest")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options = ["--models", str(arguments.models), *arguments.server_option]
    with grace_server(arguments.binary, options) as server:
        print(server.printed().strip(), flush=True)
        comparison = Comparison(arguments, server)
        asyncio.run(comparison.run())
        faults = list(comparison.faults())
        for attack, result in comparison.results.items():
            print(f"{attack}: {result.said}")
        for fault in faults:
            print(f"ERROR: {fault}")
        print("p50 / p99 in milliseconds")
        for line in comparison.lines():
            print(line)
    return 1 if faults else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
