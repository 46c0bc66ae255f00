#!/usr/bin/env python3
"""Kills, stops and swaps replicas of grace-server behind HAProxy while clients use them: did anybody notice?

    swift build -c release --product grace-server
    Tests/Benchmarks/proxy_soak.py --seconds 240

Starts three servers on two checkpoints, `a` and `b` (see swap_soak.py), and HAProxy with Deploy/haproxy/haproxy.cfg
before them. Clients embed, ask for rationales at once and as streams, send requests that must be refused, and go away
before they are answered. Meanwhile, one after the other:

- the first replica is killed (SIGKILL), and started again;
- the second one activates another checkpoint;
- the third one is stopped (SIGTERM), must end with 0 within its time, and is started again.

Every answer must have the status it ought to have, and every vector be to the bit the one that the checkpoint in its
header gave for the text when it was computed alone. Only a stream that is under way at the moment of SIGKILL may break
off: nothing can put it together again. Such streams are counted, and are asked for once more. The exit code is 0 if all
of that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import itertools
import math
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from http_load import Client
from programs import Server, free_port, grace_server, stop_at_signals
from proxy_clients import Clients, Outcome
from swap_checkpoints import Checkpoints
from swap_clients import Goldens
from swap_soak import MODEL, ROOT, admin_address, known_texts

PROXY = ROOT / "Deploy" / "haproxy" / "haproxy.cfg"
# What happens to each replica, in turn.
KINDS = ("kill", "swap", "stop")


class Replica:
    """A server that can be ended and started again at the same place."""

    def __init__(self, binary: Path, options: list[str]) -> None:
        self.binary, self.options, self.port = binary, options, free_port()
        self.server: Server | None = None

    def start(self) -> Server:
        self.server = grace_server(self.binary, [*self.options, "--port", str(self.port)])
        self.server.__enter__()
        return self.server

    def end(self, number: int) -> int:
        """Sends a signal and waits; the exit code."""
        assert self.server is not None
        self.server.process.send_signal(number)
        status = self.server.process.wait(timeout=60)
        self.server.stop()
        return status

    def close(self) -> None:
        if self.server is not None and not self.server.output.closed:
            self.server.stop()


class Soak:
    def __init__(self, arguments: argparse.Namespace, replicas: list[Replica], proxy: Server, control: Path) -> None:
        self.arguments, self.replicas, self.proxy, self.control = arguments, replicas, proxy, control
        self.goldens = Goldens(arguments.rationale_tokens)
        self.statistics: list[dict[str, str]] = []
        self.active = "a"

    async def run(self) -> None:
        first = self.replicas[0].server
        assert first is not None
        texts = known_texts(self.arguments.texts)
        await self.administer(self.replicas[0], "load", "b")
        for name in ("a", "b"):
            await self.goldens.compute(first.address, name, texts)
        self.goldens.check_difference(texts)
        self.clients = Clients(self.proxy.address, self.goldens, texts, self.arguments.clients, math.inf)
        await asyncio.gather(self.clients.run(), self.disturb(time.monotonic() + self.arguments.seconds))
        self.statistics = proxy_statistics(self.control)
        self.judge()

    @staticmethod
    async def administer(replica: Replica, operation: str, checkpoint: str) -> None:
        assert replica.server is not None
        client = Client(admin_address(replica.server.printed()))
        answer = await client.send(f"/admin/checkpoints/{operation}?wait=true", {"checkpoint": checkpoint})
        client.close()
        if answer.status != 200:
            raise SystemExit(f"{operation} {checkpoint}: {answer.status}: {answer.body[:300].decode(errors='replace')}")

    async def disturb(self, end: float) -> None:
        """One disturbance after another until shortly before `end`, each kind at least once; then the clients end."""
        try:
            for turn in itertools.count():
                await asyncio.sleep(self.arguments.disturb_every)
                if turn >= len(KINDS) and time.monotonic() + self.arguments.disturb_every > end:
                    break
                await self.disturb_once(KINDS[turn % len(KINDS)], turn % len(KINDS))
        finally:
            self.clients.end = time.monotonic()

    async def disturb_once(self, kind: str, number: int) -> None:
        replica = self.replicas[number]
        start = time.monotonic()
        if kind == "swap":
            self.active = {"a": "b", "b": "a"}[self.active]
            await self.administer(replica, "activate", self.active)
            self.note(f"{self.active} active at replica {number + 1} within {time.monotonic() - start:.2f} s")
            return
        if kind == "kill":
            self.outcome.kills.append(start)
        status = await asyncio.to_thread(replica.end, signal.SIGKILL if kind == "kill" else signal.SIGTERM)
        ended = time.monotonic()
        if kind == "stop" and status != 0:
            self.outcome.fault("stop", f"the exit code is {status}")
        await asyncio.sleep(self.arguments.down_seconds)
        start_again = time.monotonic()
        await asyncio.to_thread(replica.start)
        self.note(
            f"replica {number + 1}: {kind}, ended after {ended - start:.2f} s with {status},"
            f" ready again {time.monotonic() - start_again:.2f} s after its start")

    @property
    def outcome(self) -> Outcome:
        return self.clients.outcome

    def note(self, event: str) -> None:
        self.outcome.events.append(event)
        print(event, flush=True)

    def judge(self) -> None:
        outcome = self.outcome
        for error, count in outcome.embeds.errors.items():
            outcome.errors[f"embed: {error}"] += count
        # A run in which nothing happened has proved nothing.
        for word in ("kill", "active", "stop"):
            if not any(word in event for event in outcome.events):
                outcome.fault("run", f"there was no {word}")
        for kind in ("explain", "stream", "refused", "gone"):
            if not outcome.answers[kind]:
                outcome.fault("run", f"no request of the kind {kind} came to its end")
        if len(outcome.embeds.served) < 2:
            outcome.fault("run", "not both checkpoints have served")
        for row in self.statistics:
            if int(row["stot"] or 0) == 0:
                outcome.fault("run", f"{row['svname']} had no request")

    def lines(self) -> Iterator[str]:
        """The report, whose last lines are a row for a table in Markdown."""
        outcome = self.outcome
        for row in self.statistics:
            yield (
                f"{row['svname']}: {row['status']}, {row['stot']} requests, {row['wretr']} sent again,"
                f" {row['wredis']} of them to another, {row['econ']} not connected, down for {row['downtime']} s")
        served = sorted(outcome.embeds.served.items())
        yield "embeds by checkpoint: " + ", ".join(f"{name} {count}" for name, count in served)
        for error, count in outcome.errors.most_common(20):
            yield f"ERROR: {count} times: {error}"
        columns = {
            "seconds": f"{self.arguments.seconds:.0f}",
            "kills, swaps, stops": ", ".join(
                str(sum(word in event for event in outcome.events)) for word in ("kill", "active", "stop")),
            "embed": str(len(outcome.embeds.spans)),
            **{kind: str(outcome.answers[kind]) for kind in ("explain", "stream", "refused", "gone")},
            "streams cut by SIGKILL": str(outcome.cut_streams),
            "sent again": str(sum(int(row["wretr"] or 0) for row in self.statistics)),
            "failed": str(sum(outcome.errors.values())),
            "embed p50, p99": f"{outcome.embeds.latency(0.5):.2f}, {outcome.embeds.latency(0.99):.2f} s",
        }
        yield f"| {' | '.join(columns)} |"
        yield "|" + "---|" * len(columns)
        yield f"| {' | '.join(columns.values())} |"


def proxy_statistics(control: Path) -> list[dict[str, str]]:
    """HAProxy's own counts, a row for each replica."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(control))
        connection.sendall(b"show stat\n")
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    rows = csv.DictReader(io.StringIO(answer.decode().removeprefix("# ")))
    return [row for row in rows if row["pxname"] == "replicas" and row["svname"].startswith("replica-")]


def haproxy(configuration: Path, replicas: list[Replica], control: Path) -> Server:
    """HAProxy on a free port."""
    port = free_port()
    variables = {
        "GRACE_PROXY_BIND": f"127.0.0.1:{port}",
        "GRACE_PROXY_STATUS": f"127.0.0.1:{free_port()}",
        "GRACE_PROXY_SOCKET": str(control),
        "GRACE_PROXY_LOG": "stderr",
        "GRACE_PROXY_SLOWSTART": "5s",
        **{f"GRACE_REPLICA_{number}": f"127.0.0.1:{replica.port}" for number, replica in enumerate(replicas, 1)},
    }

    def ready(printed: str) -> str | None:
        try:
            statistics = proxy_statistics(control)
        except OSError:
            return None
        up = all(row["status"] == "UP" for row in statistics)
        return f"http://127.0.0.1:{port}" if up else None

    assignments = [f"{name}={value}" for name, value in variables.items()]
    return Server(["env", *assignments, "haproxy", "-db", "-f", str(configuration)], ready)


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--base", type=Path, default=MODEL, help="a GGUF file, or a directory with one (%(default)s)")
    parser.add_argument("--configuration", type=Path, default=PROXY, help="HAProxy's (%(default)s)")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the servers")
    parser.add_argument("--clients", type=int, default=16, help="that embed; a quarter of others each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=180, help="(%(default)s)")
    parser.add_argument("--disturb-every", type=float, default=10, help="seconds (%(default)s)")
    parser.add_argument("--down-seconds", type=float, default=2, help="before a replica is started again (%(default)s)")
    parser.add_argument("--texts", type=int, default=24, help="how many (%(default)s)")
    parser.add_argument("--rationale-tokens", type=int, default=16, help="(%(default)s)")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    with tempfile.TemporaryDirectory(prefix="proxy-soak-") as temporary, ExitStack() as stack:
        checkpoints = Checkpoints(Path(temporary, "models"), arguments.base, None, None)
        # Kept results would be compared with themselves.
        options = ["--models", str(checkpoints.models), "--model", "a", "--cache-entries", "0", "--threads", "1"]
        replicas = [Replica(arguments.binary, [*options, *arguments.server_option]) for _ in KINDS]
        for replica in replicas:
            stack.callback(replica.close)
            print(replica.start().printed().strip(), flush=True)
        control = Path(temporary, "haproxy.sock")
        with haproxy(arguments.configuration, replicas, control) as proxy:
            soak = Soak(arguments, replicas, proxy, control)
            asyncio.run(soak.run())
            log = Path(tempfile.gettempdir(), "proxy_soak_haproxy.log")
            for line in soak.lines():
                print(line)
            if soak.outcome.errors:
                log.write_text(proxy.printed())
                print(f"HAProxy's log is in {log}")
    return 1 if soak.outcome.errors else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
