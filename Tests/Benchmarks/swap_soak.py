#!/usr/bin/env python3
"""Swaps the checkpoint of a grace-server every few seconds while clients use it, and says whether anybody noticed.

    swift build -c release --product grace-server
    Tests/Benchmarks/swap_soak.py --clients 64 --seconds 120 --swaps 50

Starts a server of its own on two checkpoints, `a` and `b`: copies of SmolLM2-135M-Instruct, of which one has another norm
(or `--second DIRECTORY`, or a `--grace-json FILE` in it). Three parts:

1. `--swaps` swaps without load: memory after the last must be within 5% of that after the second.
2. `--clients` send known texts for `--seconds`, without swaps: the latency to compare with.
3. The same for `--seconds`, and every `--swap-every` seconds a checkpoint that must be refused is loaded, then the
   other one is activated: by a real load, from memory, or by a rollback. The files of what was loaded are damaged in
   place.

Every answer must be 200 and hold, to the bit, the vector that the checkpoint in its header gave for the text when it
was computed alone. The exit code is 0 if all of that holds and p99 during swaps is at most twice that without.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from http_load import Client
from measures import resident_megabytes
from programs import Server, grace_server, stop_at_signals
from swap_checkpoints import BROKEN, Checkpoints
from swap_clients import Goldens, Load
from swap_operations import OTHER, Swapper

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "Models" / "SmolLM2-135M-Instruct"
SUBJECTS = "river market engine theory garden winter letter number signal copper bridge harvest mirror ocean".split()
SETTLING_SECONDS = 1.0


def known_texts(count: int) -> list[str]:
    """Distinct texts of different lengths, always the same."""
    return [
        f"Note {number}: the {SUBJECTS[number % len(SUBJECTS)]} "
        + " ".join(f"and the {SUBJECTS[(number * 5 + step * 3) % len(SUBJECTS)]}" for step in range(number % 9))
        for number in range(count)
    ]


@dataclass
class Outcome:
    """What the three parts found."""

    calm: Load = field(default_factory=Load)
    swapped: Load = field(default_factory=Load)
    faults: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


class Soak:
    def __init__(self, arguments: argparse.Namespace, server: Server, checkpoints: Checkpoints) -> None:
        self.arguments, self.server = arguments, server
        self.texts = known_texts(arguments.texts)
        self.goldens = Goldens(arguments.rationale_tokens)
        self.swapper = Swapper(admin_address(server.printed()), checkpoints, not arguments.no_damage)
        self.outcome = Outcome()

    async def run(self) -> None:
        await self.swapper.load("b")
        for name in ("a", "b"):
            await self.goldens.compute(self.server.address, name, self.texts)
        self.goldens.check_difference(self.texts)
        await self.swap_without_load()
        await self.load(self.outcome.calm, time.monotonic() + self.arguments.seconds)
        end = time.monotonic() + self.arguments.seconds
        self.swapper.report.windows.clear()
        await asyncio.gather(self.load(self.outcome.swapped, end), self.swapper.run(end, self.arguments.swap_every))
        self.judge()

    async def load(self, load: Load, end: float) -> None:
        await load.run(self.server.address, self.goldens, self.texts, self.arguments.clients, end)

    async def swap_without_load(self) -> None:
        """Each swap is a real load, and one text is embedded by what it loaded."""
        for number in range(1, self.arguments.swaps + 1):
            other = OTHER[self.swapper.active]
            await self.swapper.unload(other)
            if await self.swapper.operate("activate", other) is None:
                return
            self.swapper.active = other
            client = Client(self.server.address)
            await self.outcome.calm.ask(client, self.goldens, self.texts[0])
            client.close()
            if number in (2, self.arguments.swaps):
                await asyncio.sleep(SETTLING_SECONDS)
                self.outcome.memory.append(resident_megabytes(self.server.process.pid))

    def judge(self) -> None:
        arguments, outcome, report = self.arguments, self.outcome, self.swapper.report
        faults = outcome.faults
        for title, errors in (
            ("without swaps", outcome.calm.errors), ("with swaps", outcome.swapped.errors), ("admin", report.errors)
        ):
            faults += [f"{title}, {count} times: {error}" for error, count in errors.most_common(20)]
        if self.server.process.poll() is not None:
            faults.append(f"the server ended with {self.server.process.returncode}")
        calm, swapped = outcome.calm.latency(0.99), outcome.swapped.latency(0.99, report.windows)
        if swapped > arguments.latency_ratio * calm:
            faults.append(f"p99 {swapped:.2f} s during swaps, {calm:.2f} without: over {arguments.latency_ratio} times")
        if arguments.swaps >= 3:
            if len(outcome.memory) < 2:
                faults.append("the swaps without load did not come to their end")
            elif outcome.memory[-1] > (1 + arguments.memory_share) * outcome.memory[0]:
                second, last = outcome.memory
                faults.append(f"{last:.0f} MB after the last swap, {second:.0f} after the second")
        # A run in which nothing happened has proved nothing.
        for operation in ("activate", "rollback", "unload", "load refused"):
            if report.done[operation] == 0:
                faults.append(f"there was no {operation}")
        if not outcome.calm.spans or len(outcome.swapped.served) < 2:
            faults.append("not both checkpoints have served")
        if missing := set(BROKEN) - set(report.reasons):
            faults.append(f"never tried: {', '.join(sorted(missing))}")

    def lines(self) -> Iterator[str]:
        """The report, whose last lines are a row for a table in Markdown."""
        outcome, report = self.outcome, self.swapper.report
        calm, swapped = outcome.calm, outcome.swapped
        yield "operations: " + ", ".join(f"{name} {count}" for name, count in sorted(report.done.items()))
        yield "served with swaps: " + ", ".join(f"{name} {count}" for name, count in sorted(swapped.served.items()))
        for broken, reason in sorted(report.reasons.items()):
            yield f"{broken}: {reason}"
        for fault in outcome.faults:
            yield f"ERROR: {fault}"
        during = [swapped.latency(share, report.windows) for share in (0.5, 0.99)]
        failed = sum(calm.errors.values()) + sum(swapped.errors.values())
        columns = {
            "clients": f"{self.arguments.clients}",
            "swaps": f"{report.done['activate'] + report.done['rollback']}",
            "loads refused": f"{report.done['load refused']}",
            "longest load": f"{max(report.load_seconds, default=0):.2f} s",
            "answers": f"{len(calm.spans) + len(swapped.spans)}",
            "wrong or failed": f"{failed}",
            "p50, p99 without": f"{calm.latency(0.5):.2f}, {calm.latency(0.99):.2f} s",
            "p50, p99 with": f"{swapped.latency(0.5):.2f}, {swapped.latency(0.99):.2f} s",
            "p50, p99 during a swap": f"{during[0]:.2f}, {during[1]:.2f} s",
            f"MB after 2, {self.arguments.swaps} swaps": ", ".join(f"{value:.0f}" for value in outcome.memory),
        }
        yield f"| {' | '.join(columns)} |"
        yield "|" + "---|" * len(columns)
        yield f"| {' | '.join(columns.values())} |"


def admin_address(printed: str) -> tuple[str, int]:
    """Of the line that says that the server is ready."""
    match = re.search(r"\badmin http://([^\s,:]+):(\d+)", printed)
    if match is None:
        raise SystemExit(f"the server names no admin listener:\n{printed}")
    return match[1], int(match[2])


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--base", type=Path, default=MODEL, help="a GGUF file, or a directory with one (%(default)s)")
    parser.add_argument("--second", type=Path, help="a checkpoint's directory to copy as the other one")
    parser.add_argument("--grace-json", type=Path, help="goes into the other checkpoint's directory")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--clients", type=int, default=64, help="(%(default)s)")
    parser.add_argument("--seconds", type=float, default=120, help="of each part with clients (%(default)s)")
    parser.add_argument("--swap-every", type=float, default=5, help="seconds (%(default)s)")
    parser.add_argument("--swaps", type=int, default=50, help="without load, for memory; at least 3 (%(default)s)")
    parser.add_argument("--texts", type=int, default=48, help="how many (%(default)s)")
    parser.add_argument("--rationale-tokens", type=int, default=64, help="(%(default)s)")
    parser.add_argument("--latency-ratio", type=float, default=2.0, help="(%(default)s)")
    parser.add_argument("--memory-share", type=float, default=0.05, help="(%(default)s)")
    parser.add_argument("--no-damage", action="store_true", help="leave the files of loaded checkpoints as they are")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    with tempfile.TemporaryDirectory(prefix="swap-soak-") as temporary:
        checkpoints = Checkpoints(Path(temporary, "models"), arguments.base, arguments.second, arguments.grace_json)
        options = ["--models", str(checkpoints.models), "--model", "a", "--admin-listen", "127.0.0.1:0"]
        # Kept results would be compared with themselves.
        options += ["--cache-entries", "0", *arguments.server_option]
        with grace_server(arguments.binary, options) as server:
            print(server.printed().strip(), flush=True)
            soak = Soak(arguments, server, checkpoints)
            asyncio.run(soak.run())
            for line in soak.lines():
                print(line)
    return 1 if soak.outcome.faults else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
