#!/usr/bin/env python3
"""Keeps a grace-server busy with everything at once, and says whether it answered, counted and kept its size.

    swift build -c release --product grace-server
    Tests/Benchmarks/mixed_soak.py --minutes 30

The server speaks TLS on its port and plain HTTP on a Unix socket, and asks for keys. Clients of both embed, explain,
read streams of events, send compressed and bad requests, and go away at every stage of a request, while its checkpoint
is swapped every `--swap-every` seconds. At the end
- every answer must have been the expected one, /health 200 throughout;
- /metrics must have counted every request under its route and status, those of clients that went away with 499 or the
  status that they did not wait for;
- descriptors must be as before, and the median of memory in the last fifth within `--memory-share` of that in the
  first, after a first tenth that fills caches.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from fuzz_server import make_certificate
from http_load import LIMIT, Answer, Client, Dial
from measures import descriptors, growth, percentile, resident_megabytes
from mixed_account import CLIENT_CLOSED, Account, CountedSwapper
from mixed_requests import KEY, PLAIN, REFUSED, Exchange, Mix
from programs import Server, grace_server, stop_at_signals
from server_metrics import Sample, requests, samples, total
from swap_checkpoints import Checkpoints
from swap_soak import MODEL, ROOT, admin_address

STAGES = ("connected", "in the head", "in the body", "waiting", "reading")
PATIENCE_SECONDS = 60.0


class MixedSoak:
    def __init__(
        self, arguments: argparse.Namespace, server: Server, dials: list[Dial], swapper: CountedSwapper
    ) -> None:
        self.arguments, self.server, self.dials, self.swapper = arguments, server, dials, swapper
        self.account = Account()
        self.memory: list[float] = []
        self.health: list[float] = []
        self.faults: list[str] = []
        self.counted: Counter[tuple[str, int]] = Counter()

    def client(self, number: int) -> Client:
        return Client(self.server.address, self.dials[number % len(self.dials)])

    async def run(self) -> None:
        await self.swapper.load("b")
        await self.warm_up()
        process = self.server.process.pid
        before = requests(await self.scrape())
        await asyncio.sleep(1)
        open_before = descriptors(process)
        self.account = self.swapper.account = Account()
        # The scrape is counted after it was answered.
        self.account.expected["/metrics", 200] += 1
        start = time.monotonic()
        end = start + 60 * self.arguments.minutes
        clients = [self.work(number, end) for number in range(self.arguments.clients)]
        await asyncio.gather(*clients, self.watch(end), self.swapper.run(end, self.arguments.swap_every))
        await self.settle(open_before)
        if (left := descriptors(process) - open_before) > 0:
            self.faults.append(f"{left} descriptors more than before are open")
        self.counted = requests(await self.scrape()) - before

    async def warm_up(self) -> None:
        """Everything once on each transport, so that what is opened once is there."""
        for number in range(len(self.dials)):
            mix = Mix(f"warm/{number}")
            computed = [mix.draw(kind) for kind in ("embed", "explain", "stream", "several")]
            for exchange in [*PLAIN, *REFUSED, *computed]:
                await self.exchange(self.client(number), exchange, closes=True)
        for error, count in self.account.errors.items():
            self.faults.append(f"before all, {count} times: {error}")
        await asyncio.sleep(2)

    async def work(self, number: int, end: float) -> None:
        mix, client = Mix(f"{self.arguments.seed}/{number}"), self.client(number)
        while time.monotonic() < end:
            kind = mix.kind()
            self.account.kinds[kind] += 1
            if kind == "gone":
                await self.leave(mix, number)
            else:
                await self.exchange(client, mix.draw(kind))
            await asyncio.sleep(mix.random.expovariate(1 / self.arguments.thinking))
        client.close()

    async def exchange(self, client: Client, exchange: Exchange, closes: bool = False) -> None:
        account = self.account
        try:
            answer = await asyncio.wait_for(client.transfer(exchange.content), PATIENCE_SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            client.close()
            account.errors[f"{exchange.kind}: {type(error).__name__}: {error}"] += 1
            return
        account.expected[exchange.route, answer.status] += 1
        account.seconds.append(answer.seconds)
        if (fault := self.fault(exchange, answer)) is not None:
            account.errors[f"{exchange.kind}: {fault}"] += 1
        if closes:
            client.close()

    @staticmethod
    def fault(exchange: Exchange, answer: Answer) -> str | None:
        if answer.status != exchange.status:
            return f"{answer.status} instead of {exchange.status}: {answer.body[:200].decode(errors='replace')}"
        if "content-encoding" not in answer.headers and exchange.needle not in answer.body:
            return f"an answer without {exchange.needle.decode()}"
        return None

    async def leave(self, mix: Mix, number: int) -> None:
        """Goes away at one of the stages, by a close in the middle of everything."""
        source, client = mix.random, self.client(number)
        stage, exchange = source.choice(STAGES), mix.draw(source.choice(("embed", "explain", "stream")))
        head_size = exchange.content.index(b"\r\n\r\n") + 4
        size = {
            "connected": 0, "in the head": source.randrange(1, head_size - 4),
            "in the body": source.randrange(head_size, len(exchange.content)),
        }.get(stage, len(exchange.content))
        try:
            await client.open()
            client.writer.write(exchange.content[:size])
            await client.writer.drain()
            if stage == "reading":
                await asyncio.wait_for(client.reader.readexactly(1), PATIENCE_SECONDS)
            else:
                # It has arrived when the server has had time to look.
                await asyncio.sleep(source.uniform(0.05, 0.3))
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self.account.errors[f"going away, {stage}: {type(error).__name__}: {error}"] += 1
        if stage == "in the head":
            self.account.cut_heads += 1
        elif stage == "in the body":
            self.account.cut_bodies += 1
        elif stage != "connected":
            self.account.gone[exchange.route] += 1
        if client.writer is not None:
            client.writer.transport.abort()

    async def watch(self, end: float) -> None:
        client = self.client(0)
        while time.monotonic() < end:
            self.memory.append(resident_megabytes(self.server.process.pid))
            try:
                answer = await asyncio.wait_for(client.transfer(PLAIN[0].content), PATIENCE_SECONDS)
                self.account.expected["/health", answer.status] += 1
                self.health.append(answer.seconds)
                if answer.status != 200:
                    self.account.errors[f"/health: {answer.status}"] += 1
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                self.account.errors[f"/health: {type(error).__name__}: {error}"] += 1
                client.close()
            await asyncio.sleep(1)
        client.close()

    async def scrape(self) -> list[Sample]:
        client = self.client(0)
        found = await samples(client)
        client.close()
        return found

    async def settle(self, open_before: int) -> None:
        """What was given up leaves within a moment; each look is a request, too."""
        for _ in range(30):
            await asyncio.sleep(1)
            found = await self.scrape()
            self.account.expected["/metrics", 200] += 1
            # The scrape itself is one.
            idle = total(found, "grace_http_requests_in_flight") <= 1
            if idle and descriptors(self.server.process.pid) <= open_before:
                return

    def judge(self) -> None:
        faults, account = self.faults, self.account
        if (code := self.server.process.poll()) is not None:
            faults.append(f"the server ended with {code}")
        faults += [f"{count} times: {error}" for error, count in account.errors.most_common(20)]
        faults += [f"admin, {count} times: {error}" for error, count in self.swapper.report.errors.most_common(20)]
        faults += account.faults(self.counted)
        if abs(share := growth(self.later())) > self.arguments.memory_share:
            faults.append(f"memory changed by {100 * share:+.1f}% after the first tenth")
        # A run in which nothing happened has proved nothing.
        if not any(status == CLIENT_CLOSED for _, status in self.counted):
            faults.append("nobody who went away was noticed")
        if self.swapper.report.done["activate"] == 0:
            faults.append("no checkpoint was swapped")

    def later(self) -> list[float]:
        return self.memory[len(self.memory) // 10 :] or [0.0]

    def lines(self) -> Iterator[str]:
        account, later, report = self.account, self.later(), self.swapper.report
        yield "sent: " + ", ".join(f"{kind} {count}" for kind, count in account.kinds.most_common())
        statuses: Counter[int] = Counter()
        for (_, status), count in self.counted.items():
            statuses[status] += count
        yield "counted: " + ", ".join(f"{status} {count}" for status, count in sorted(statuses.items()))
        yield "operations: " + ", ".join(f"{name} {count}" for name, count in sorted(report.done.items()))
        tenth = max(1, len(self.memory) // 10)
        yield "MB by tenths: " + ", ".join(f"{value:.0f}" for value in self.memory[::tenth])
        for fault in self.faults[:30]:
            yield f"ERROR: {fault}"
        yield "| minutes | answered | left | cut off | counted | swaps | p50, p99 | slowest /health | MB | change |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        yield (
            f"| {self.arguments.minutes:g} | {sum(account.expected.values())} | {sum(account.gone.values())} "
            f"| {account.cut_heads + account.cut_bodies} | {sum(self.counted.values())} "
            f"| {report.done['activate'] + report.done['rollback']} "
            f"| {1000 * percentile(account.seconds, 0.5):.0f}, {1000 * percentile(account.seconds, 0.99):.0f} ms "
            f"| {1000 * max(self.health, default=0):.0f} ms | {later[0]:.0f}, {later[-1]:.0f} "
            f"| {100 * growth(later):+.1f}% |"
        )


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--base", type=Path, default=MODEL, help="a GGUF file, or a directory with one (%(default)s)")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--minutes", type=float, default=30, help="(%(default)s)")
    parser.add_argument("--clients", type=int, default=12, help="(%(default)s)")
    parser.add_argument("--thinking", type=float, default=0.2, help="seconds between a client's requests (%(default)s)")
    parser.add_argument("--swap-every", type=float, default=10, help="seconds (%(default)s)")
    parser.add_argument("--memory-share", type=float, default=0.03, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="(by chance)")
    return parser.parse_args()


def main() -> int:
    arguments = parsed_arguments()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mixed-soak-")))
        checkpoints = Checkpoints(directory / "models", arguments.base, None, None)
        keys = directory / "keys"
        keys.write_text(f"{KEY}\n")
        socket = str(directory / "socket")
        options = ["--models", str(checkpoints.models), "--model", "a", "--unix-socket", socket]
        options += ["--api-key-file", str(keys)]
        options += ["--cache-entries", "256", *make_certificate(directory), *arguments.server_option]
        server = stack.enter_context(grace_server(arguments.binary, options))
        print(server.printed().strip(), f"seed {arguments.seed}", sep="\n", flush=True)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        dials: list[Dial] = [
            lambda: asyncio.open_connection(*server.address, limit=LIMIT, ssl=context),
            lambda: asyncio.open_unix_connection(socket, limit=LIMIT),
        ]
        swapper = CountedSwapper(admin_address(server.printed()), checkpoints, damages=False)
        soak = MixedSoak(arguments, server, dials, swapper)
        asyncio.run(soak.run())
        soak.judge()
        for line in soak.lines():
            print(line)
    return 1 if soak.faults else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
