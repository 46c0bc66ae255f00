"""What the clients of a mixed load sent, and whether /metrics has counted all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from http_load import Answer
from mixed_requests import NO_ROUTE
from swap_operations import Swapper

CLIENT_CLOSED = 499


class Account:
    """What clients sent, by the route and status that must count it."""

    def __init__(self) -> None:
        self.expected: Counter[tuple[str, int]] = Counter()
        # Complete requests whose client went away, by route: any one status counts each of them.
        self.gone: Counter[str] = Counter()
        # Heads that were cut off: no route's, and counted only if their end looked like a client that still reads.
        self.cut_heads = 0
        # Bodies that were: counted under their route with 400, or under none with 499.
        self.cut_bodies = 0
        self.kinds: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.seconds: list[float] = []

    def faults(self, counted: Counter[tuple[str, int]]) -> Iterator[str]:
        """What does not add up."""
        for key, count in sorted(self.expected.items()):
            if counted[key] < count:
                yield f"{key[0]} with {key[1]}: {counted[key]} counted, {count} were answered"
        counted = Counter(counted)
        # Of clients that went away in the body.
        cut_bodies = self.cut_bodies - counted.pop((NO_ROUTE, CLIENT_CLOSED), 0)
        for route in sorted({route for route, _ in [*counted, *self.expected]}):
            answered = sum(count for key, count in self.expected.items() if key[0] == route) + self.gone[route]
            more = sum(count for key, count in counted.items() if key[0] == route) - answered
            most = self.cut_heads if route == NO_ROUTE else counted[route, 400] - self.expected[route, 400]
            if not 0 <= more <= most:
                yield f"{route}: {answered + more} counted, {answered} to {answered + most} expected"
            if route != NO_ROUTE:
                cut_bodies -= more
        if cut_bodies != 0:
            yield f"of {self.cut_bodies} requests that were cut off in their bodies {cut_bodies} are not counted"


class CountedSwapper(Swapper):
    """One whose requests are accounted for, too."""

    account: Account | None = None

    async def ask(self, path: str, body: Any = None) -> Answer:
        answer = await super().ask(path, body)
        if self.account is not None:
            self.account.expected[path.partition("?")[0], answer.status] += 1
        return answer
