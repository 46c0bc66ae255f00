"""Clients of all kinds that a proxy must serve, whatever happens to the servers behind it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from http_load import Answer, Client
from swap_clients import Goldens, Load

# How long after SIGKILL a client may learn that its stream is gone.
KILL_WINDOW_SECONDS = 2.0
FAULTS = (OSError, EOFError, ValueError)
REFUSED: list[tuple[Any, int]] = [
    ({"inputs": ""}, 400), ({"inputs": 5}, 422), ({}, 422), ({"inputs": "a", "dimensions": 100_000}, 422),
    ({"inputs": "a", "model": "nobody"}, 404),
]


@dataclass
class Outcome:
    """What clients saw and what was done meanwhile."""

    embeds: Load = field(default_factory=Load)
    answers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    events: list[str] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    cut_streams: int = 0

    def fault(self, kind: str, reason: str) -> None:
        self.errors[f"{kind}: {reason}"] += 1


class Clients:
    """All that is asked of the proxy until `end`, a reading of `time.monotonic` that may be set while they run."""

    def __init__(
        self, address: tuple[str, int], goldens: Goldens, texts: list[str], count: int, end: float
    ) -> None:
        self.address, self.goldens, self.texts, self.count, self.end = address, goldens, texts, count, end
        self.outcome = Outcome()

    async def run(self) -> None:
        others = [self.explain, self.stream, self.refused, self.disconnect]
        work = [kind(number) for kind in others for number in range(max(1, self.count // 4))]
        await asyncio.gather(*(self.embed(number) for number in range(self.count)), *work)

    async def embed(self, number: int) -> None:
        client = Client(self.address)
        for turn in itertools.count(number):
            if (start := time.monotonic()) >= self.end:
                break
            if await self.outcome.embeds.ask(client, self.goldens, self.texts[turn % len(self.texts)]):
                self.outcome.embeds.spans.append((start, time.monotonic()))
            else:
                await asyncio.sleep(0.2)
        client.close()

    def explanation(self, number: int) -> dict[str, Any]:
        return self.goldens.request(self.texts[number % len(self.texts)])

    async def ask(self, client: Client, kind: str, path: str, body: Any, status: int) -> Answer | None:
        """The answer if it is the one that is expected."""
        try:
            answer = await client.send(path, body)
        except FAULTS as error:
            self.outcome.fault(kind, f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.2)
            return None
        self.outcome.answers[kind] += 1
        if answer.status != status:
            body = answer.body[:300].decode(errors="replace")
            self.outcome.fault(kind, f"{answer.status} instead of {status}: {body}")
            return None
        if "x-request-id" not in answer.headers:
            self.outcome.fault(kind, "an answer without x-request-id")
        return answer

    async def explain(self, number: int) -> None:
        client = Client(self.address)
        for turn in itertools.count(number):
            if time.monotonic() >= self.end:
                break
            answer = await self.ask(client, "explain", "/explain", self.explanation(turn), 200)
            if answer is not None and not answer.json():
                self.outcome.fault("explain", "an answer without a rationale")
        client.close()

    async def stream(self, number: int) -> None:
        client = Client(self.address)
        for turn in itertools.count(number):
            if (start := time.monotonic()) >= self.end:
                break
            body = {**self.explanation(turn), "stream": True}
            try:
                answer = await client.send("/explain", body)
            except FAULTS as error:
                now = time.monotonic()
                if any(start <= kill and now <= kill + KILL_WINDOW_SECONDS for kill in self.outcome.kills):
                    self.outcome.cut_streams += 1
                else:
                    self.outcome.fault("stream", f"{type(error).__name__}: {error}")
                    await asyncio.sleep(0.2)
                continue
            self.outcome.answers["stream"] += 1
            events = [line for line in answer.body.decode().splitlines() if line.startswith("event:")]
            if answer.status != 200 or not events or events[-1] != "event: done":
                rest = answer.body[-200:].decode(errors="replace")
                self.outcome.fault("stream", f"{answer.status}, at its end {rest!r}")
        client.close()

    async def refused(self, number: int) -> None:
        client = Client(self.address)
        for body, status in itertools.cycle(REFUSED):
            if time.monotonic() >= self.end:
                break
            await self.ask(client, "refused", "/embed", body, status)
            await asyncio.sleep(0.05)
        client.close()

    async def disconnect(self, number: int) -> None:
        for turn in itertools.count(number):
            if time.monotonic() >= self.end:
                break
            client = Client(self.address)
            try:
                await asyncio.wait_for(client.send("/explain", self.explanation(turn)), 0.05 + turn % 7 / 20)
            except (TimeoutError, asyncio.TimeoutError):
                self.outcome.answers["gone"] += 1
            except FAULTS as error:
                self.outcome.fault("disconnect", f"{type(error).__name__}: {error}")
            client.close()
            await asyncio.sleep(0.1)
