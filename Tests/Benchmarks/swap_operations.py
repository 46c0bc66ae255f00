"""Swaps the checkpoints of a server while others use it, and checks what it answers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from http_load import Answer, Client
from swap_checkpoints import BROKEN, Checkpoints

# Of the swaps these are rollbacks; of the others every second one loads the other checkpoint anew.
ROLLBACK_EVERY = 5
BUSY = 409
BUSY_SECONDS = 30
OTHER = {"a": "b", "b": "a"}


@dataclass
class SwapReport:
    """What was done, and what went wrong."""

    done: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    # When operations ran, as readings of `time.monotonic`.
    windows: list[tuple[float, float]] = field(default_factory=list)
    load_seconds: list[float] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


class Swapper:
    """One operation after another on the admin listener."""

    def __init__(self, address: tuple[str, int], checkpoints: Checkpoints, damages: bool) -> None:
        self.address = address
        self.checkpoints, self.damages = checkpoints, damages
        self.report = SwapReport()
        self.active = "a"
        self.round = 0

    async def operate(self, operation: str, checkpoint: str, expected: int = 200) -> Answer | None:
        """Posts an operation and waits for its end; an answer of another status is an error, and nothing here."""
        start = time.monotonic()
        try:
            answer = await self.send(operation, checkpoint)
            # Texts that came before the swap may still be on their way.
            while operation == "unload" and answer.status == BUSY and time.monotonic() < start + BUSY_SECONDS:
                await asyncio.sleep(0.2)
                answer = await self.send(operation, checkpoint)
        except (OSError, EOFError, ValueError) as error:
            self.report.errors[f"{operation} {checkpoint}: {type(error).__name__}: {error}"] += 1
            return None
        finally:
            self.report.windows.append((start, time.monotonic()))
        if answer.status != expected:
            body = answer.body[:300].decode(errors="replace")
            self.report.errors[f"{operation} {checkpoint}: {answer.status} instead of {expected}: {body}"] += 1
            return None
        self.report.done[f"{operation} refused" if expected == 422 else operation] += 1
        return answer

    async def send(self, operation: str, checkpoint: str) -> Answer:
        return await self.ask(f"/admin/checkpoints/{operation}?wait=true", {"checkpoint": checkpoint})

    async def ask(self, path: str, body: Any = None) -> Answer:
        # A connection of its own: between two operations the server may close one that is idle.
        client = Client(self.address)
        try:
            return await client.send(path, body)
        finally:
            client.close()

    async def listing(self) -> dict[str, Any]:
        answer = await self.ask("/admin/checkpoints")
        return answer.json()

    async def load(self, checkpoint: str) -> None:
        answer = await self.operate("load", checkpoint)
        if answer is not None:
            self.report.load_seconds.append(answer.seconds)

    async def refuse(self) -> None:
        """Loads one of the broken checkpoints, in turn."""
        broken = list(BROKEN)[self.round % len(BROKEN)]
        answer = await self.operate("load", broken, expected=422)
        if answer is not None:
            self.report.reasons[broken] = answer.body[:300].decode(errors="replace")

    async def unload(self, checkpoint: str) -> None:
        """Unloads what does not serve, and repairs its files: the next use reads them."""
        await self.operate("unload", checkpoint)
        if self.damages:
            # In a thread: the clients of this program must not wait for its disk.
            await asyncio.to_thread(self.checkpoints.restore, checkpoint)

    async def swap(self) -> None:
        """One round: a load that must fail, then the other checkpoint, whose files are damaged once it is loaded."""
        await self.refuse()
        other = OTHER[self.active]
        is_rollback = self.round % ROLLBACK_EVERY == ROLLBACK_EVERY - 1
        is_load = not is_rollback and self.round % 2 == 1
        if is_load:
            await self.unload(other)
        start = time.monotonic()
        answer = await self.operate("rollback" if is_rollback else "activate", other)
        if answer is not None:
            self.active = other
            if is_load:
                self.report.load_seconds.append(time.monotonic() - start)
                if self.damages:
                    await asyncio.to_thread(self.checkpoints.damage, other)
        await self.check_active()
        self.round += 1

    async def check_active(self) -> None:
        listing = await self.listing()
        if listing.get("active") != self.active:
            self.report.errors[f"{listing.get('active')} is active, expected {self.active}"] += 1
        for entry in listing["checkpoints"]:
            if entry["name"] in BROKEN and entry["state"] in ("ready", "active"):
                self.report.errors[f"{entry['name']} is {entry['state']}"] += 1

    async def run(self, end: float, every: float) -> None:
        """Swaps until `end`, a reading of `time.monotonic`."""
        while (start := time.monotonic()) < end:
            try:
                await self.swap()
            except (OSError, EOFError, ValueError, KeyError) as error:
                self.report.errors[f"swap: {type(error).__name__}: {error}"] += 1
            await asyncio.sleep(max(0.0, min(end, start + every) - time.monotonic()))
