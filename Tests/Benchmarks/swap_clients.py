"""Clients that know which vector belongs to each text and checkpoint."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from http_load import Answer, Client
from measures import percentile

CHECKPOINT = "x-grace-checkpoint"


def name_of(identity: str) -> str:
    """The name in `name@fingerprint`."""
    return identity.rpartition("@")[0]


@dataclass
class Goldens:
    """The answers to each text alone, by what `x-grace-checkpoint` said and the text; a body stands for its bits."""

    tokens: int
    bodies: dict[tuple[str, str], bytes] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)

    def request(self, text: str) -> dict[str, Any]:
        return {"inputs": text, "max_rationale_tokens": self.tokens}

    async def compute(self, address: tuple[str, int], name: str, texts: list[str]) -> None:
        """Asks for one text after the other, of the checkpoint of that name."""
        client = Client(address)
        for text in texts:
            answer = await client.send("/embed", {**self.request(text), "model": name})
            identity = answer.headers.get(CHECKPOINT, "")
            if answer.status != 200 or name_of(identity) != name:
                body = answer.body[:300].decode(errors="replace")
                raise SystemExit(f"a text alone, pinned to {name}: {answer.status} of {identity!r}: {body}")
            if self.identities.setdefault(name, identity) != identity:
                raise SystemExit(f"{name} is {identity} and {self.identities[name]}")
            self.bodies[identity, text] = answer.body
        client.close()

    def check_difference(self, texts: list[str]) -> None:
        """What is the same in both could not tell them apart."""
        one, other = self.identities.values()
        same = [text for text in texts if self.bodies[one, text] == self.bodies[other, text]]
        if same:
            raise SystemExit(f"both checkpoints give the same vector for {len(same)} of {len(texts)} texts")

    def fault(self, text: str, answer: Answer) -> str | None:
        """What is wrong with an answer."""
        if answer.status != 200:
            return f"{answer.status}: {answer.body[:300].decode(errors='replace')}"
        identity = answer.headers.get(CHECKPOINT, "")
        golden = self.bodies.get((identity, text))
        if golden is None:
            return f"an answer of {identity!r}"
        if golden != answer.body:
            return f"a vector that is not that of {identity}"
        return None


@dataclass
class Load:
    """What clients saw."""

    # When a request was sent and when it was answered, as readings of `time.monotonic`.
    spans: list[tuple[float, float]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)

    async def run(
        self, address: tuple[str, int], goldens: Goldens, texts: list[str], clients: int, end: float
    ) -> None:
        """Each client sends its next text when it has an answer, until `end`; what is in flight then is waited for."""
        turn = itertools.cycle(texts)

        async def work() -> None:
            client = Client(address)
            while (start := time.monotonic()) < end:
                if await self.ask(client, goldens, next(turn)):
                    self.spans.append((start, time.monotonic()))
                else:
                    await asyncio.sleep(0.2)
            client.close()

        await asyncio.gather(*(work() for _ in range(clients)))

    async def ask(self, client: Client, goldens: Goldens, text: str) -> bool:
        """Whether there was an answer, right or wrong."""
        try:
            answer = await client.send("/embed", goldens.request(text))
        except (OSError, EOFError, ValueError) as error:
            self.errors[f"{type(error).__name__}: {error}"] += 1
            return False
        self.served[answer.headers.get(CHECKPOINT, "")] += 1
        if (fault := goldens.fault(text, answer)) is not None:
            self.errors[fault] += 1
        return True

    def latency(self, share: float, windows: list[tuple[float, float]] | None = None) -> float:
        """A percentile, in seconds, of all requests, or of those in flight during one of the windows."""
        spans = self.spans
        if windows is not None:
            spans = [span for span in spans if any(span[0] < end and start < span[1] for start, end in windows)]
        return percentile([end - start for start, end in spans], share)
