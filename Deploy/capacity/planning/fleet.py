"""Several replicas behind a load balancer, with their caches of results."""

from __future__ import annotations

import bisect
import heapq
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

from .load import Zipf
from .profile import Profile
from .refusal import Refusal
from .replica import Limits, Replica, Text

# Which replica a text goes to: the one with the fewest, or that which its hash falls to.
LEAST, HASH = "least", "hash"
BALANCES = (LEAST, HASH)
# Points of each replica on the ring of hashes.
RING_POINTS = 100


@dataclass(eq=False)
class ResultCache:
    """Results of texts that came last; the least recently used goes first."""

    entries: int
    kept: OrderedDict[int, None] = field(default_factory=OrderedDict)

    def holds(self, identity: int) -> bool:
        if identity not in self.kept:
            return False
        self.kept.move_to_end(identity)
        return True

    def keep(self, identity: int) -> None:
        if self.entries == 0:
            return
        self.kept[identity] = None
        self.kept.move_to_end(identity)
        if len(self.kept) > self.entries:
            self.kept.popitem(last=False)


@dataclass(eq=False)
class Member:
    """A replica, its cache, and texts that wait for an equal one which it computes."""

    replica: Replica
    cache: ResultCache
    joined: dict[int, list[Text]] = field(default_factory=dict)
    open_count: int = 0  # texts that were sent to it and are not answered


@dataclass(frozen=True)
class Outcome:
    """What became of texts. Latencies are in seconds, in the order of arrival, of those that were answered."""

    latencies: list[float]
    refused: int
    computed: int
    seconds: float  # from the first arrival to the last answer
    utilisation: float  # the share of that time in which replicas ran steps

    @property
    def hit_ratio(self) -> float:
        """The share of the answered texts that no replica computed."""
        return 1 - self.computed / len(self.latencies) if self.latencies else 0.0


@dataclass(frozen=True)
class Loss:
    """A replica that is lost for good; what it had is sent again to the others, which notice after some time."""

    moment: float
    noticed_seconds: float = 0.25


class Fleet:
    """Replicas of a profile. One run each: it begins empty, with empty caches."""

    def __init__(
        self, profile: Profile, count: int, balance: str = LEAST, cache_entries: int = 4096, *,
        shared_cache: bool = False, limits: Limits = Limits(), seed: int = 0, pace: Sequence[float] = (),
    ) -> None:
        if count < 1 or cache_entries < 0 or balance not in BALANCES:
            raise Refusal(f"{count} replicas with {cache_entries} results kept, balance '{balance}'")
        self.profile, self.balance, self.seed = profile, balance, seed
        whole = ResultCache(cache_entries * count)
        self.members = [
            Member(
                Replica(
                    profile.cost, profile.prefix_tokens, profile.guesses, limits, Random(f"{seed}-{index}"), pace=pace),
                whole if shared_cache else ResultCache(cache_entries),
            )
            for index in range(count)
        ]
        self.ends: list[tuple[float, int]] = []
        self.refused = self.computed = 0
        points = ((index, f"{index}-{point}") for index in range(count) for point in range(RING_POINTS))
        self.ring = sorted((spread(name), index) for index, name in points)
        self.lost: set[int] = set()
        self.turn = 0

    def run(self, texts: Sequence[Text], loss: Loss | None = None) -> Outcome:
        """Sends texts as they come; each gets its `end`, unless it is refused."""
        if loss and len(self.members) < 2:
            raise Refusal("the only replica is lost")
        coming = [(text.arrival, order, text) for order, text in enumerate(texts)]
        while coming:
            if loss and not self.lost and coming[0][0] >= loss.moment:
                for text in self.lose(loss.moment):
                    heapq.heappush(coming, (loss.moment + loss.noticed_seconds, len(texts) + len(coming), text))
            now, _, text = heapq.heappop(coming)
            self.advance(now)
            self.send(text, now)
        self.advance(float("inf"))
        answered = [text for text in texts if text.end is not None]
        last = max((text.end or 0.0 for text in answered), default=0.0)
        seconds = last - texts[0].arrival if answered else 0.0
        busy = sum(member.replica.busy_seconds for member in self.members)
        return Outcome(
            [text.end - text.arrival + self.profile.cost.request_seconds for text in answered if text.end is not None],
            self.refused, self.computed, seconds, busy / (seconds * len(self.members)) if seconds else 0.0,
        )

    def warm(self, repeats: Zipf, count: int, generator: Random) -> None:
        """Fills the caches with what so many texts leave there, in no time."""
        for _ in range(count):
            identity = repeats.draw(generator)
            chosen = self.hashed(identity) if self.balance == HASH else generator.randrange(len(self.members))
            if not self.members[chosen].cache.holds(identity):
                self.members[chosen].cache.keep(identity)

    def advance(self, now: float) -> None:
        """Runs the steps that end until then."""
        while self.ends and self.ends[0][0] <= now:
            index = heapq.heappop(self.ends)[1]
            if index in self.lost:
                continue
            member = self.members[index]
            for text in member.replica.finish():
                self.computed += 1
                member.open_count -= 1
                if text.identity is not None:
                    member.cache.keep(text.identity)
                    for other in member.joined.pop(text.identity, []):
                        other.end = text.end
                        member.open_count -= 1
            self.note(index)

    def note(self, index: int) -> None:
        end = self.members[index].replica.step_end
        if end is not None:
            heapq.heappush(self.ends, (end, index))

    def send(self, text: Text, now: float) -> None:
        index = self.choose(text)
        member = self.members[index]
        if text.identity is not None:
            if member.cache.holds(text.identity):
                text.end = now
                return
            if text.identity in member.joined:
                member.joined[text.identity].append(text)
                member.open_count += 1
                return
        was_idle = member.replica.step_end is None
        if not member.replica.submit([text], now):
            self.refused += 1
            return
        member.open_count += 1
        if text.identity is not None and member.cache.entries:
            member.joined[text.identity] = []
        if was_idle:
            self.note(index)

    def choose(self, text: Text) -> int:
        if self.balance == HASH and text.identity is not None:
            return self.hashed(text.identity)
        # Of those with as many the next one in turn.
        self.turn += 1
        count = len(self.members)
        order = ((self.turn + offset) % count for offset in range(count))
        return min((index for index in order if index not in self.lost), key=lambda each: self.members[each].open_count)

    def hashed(self, identity: int) -> int:
        """The replica of the first point from a text's hash on; what is lost leaves its texts to the next."""
        place = bisect.bisect_left(self.ring, (spread(str(identity)), -1)) % len(self.ring)
        while self.ring[place][1] in self.lost:
            place = (place + 1) % len(self.ring)
        return self.ring[place][1]

    def lose(self, moment: float) -> list[Text]:
        """Takes the first replica away; the texts that it had."""
        self.advance(moment)
        self.lost.add(0)
        member = self.members[0]
        waiting = [other for others in member.joined.values() for other in others]
        return [row.text for row in member.replica.live] + [*member.replica.waiting, *waiting]


def spread(name: str) -> int:
    """A hash that is the same in every run."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
