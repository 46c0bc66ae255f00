"""The questions: what a replica can do, how many are needed, what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from .fleet import LEAST, Fleet
from .load import Load
from .profile import Profile
from .refusal import Refusal
from .replica import Replica, Text

# The share of what full batches can do that a plan may use: nearer to it a queue grows for longer than a run lasts.
FULLEST = 0.9


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that so large a share does not exceed."""
    if not values:
        raise Refusal("no text was answered")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def closed_loop(
    profile: Profile, texts: Sequence[Text], clients: int, seed: int = 0, pace: Sequence[float] = ()
) -> list[float]:
    """Latencies where each client sends its next text when it has its answer, one text a request.

    The texts get their `arrival` and `end`.
    """
    replica = Replica(profile.cost, profile.prefix_tokens, profile.guesses, generator=Random(seed), pace=pace)
    todo = iter(texts)
    replica.submit(list(islice(todo, clients)), 0.0)
    while (end := replica.step_end) is not None:
        for done in replica.finish():
            if (following := next(todo, None)) is not None:
                following.arrival = end
                replica.submit([following], end)
    return [text.end - text.arrival + profile.cost.request_seconds for text in texts if text.end is not None]


def capacity(profile: Profile, words: Sequence[int], rationale_tokens: Sequence[int], clients: int = 64) -> float:
    """Texts a second of one replica whose batch is always full."""
    load = Load(1.0, tuple(words), tuple(rationale_tokens))
    texts = load.texts(profile, 20 * clients, Random(0))
    for text in texts:
        text.arrival = 0.0
    closed_loop(profile, texts, clients)
    return len(texts) / max(text.end for text in texts if text.end is not None)


@dataclass(frozen=True)
class Need:
    """So many replicas are enough: their p99 then, in seconds, and the share of what full batches can do."""

    replicas: int
    p99: float
    load: float


def replicas_needed(profile: Profile, load: Load, p99: float, count: int = 10000) -> Need | None:
    """The fewest replicas that refuse nothing and answer 99 of 100 texts within `p99` seconds.

    None where not even texts that come alone are answered so soon. Each try is a run of `count` texts.
    """

    def tail(rate: float, replicas: int) -> float:
        """Infinite where a text was refused."""
        texts = replace(load, rate=rate).texts(profile, count, Random(0))
        found = Fleet(profile, replicas, LEAST, 0).run(texts)
        return float("inf") if found.refused else percentile(found.latencies, 0.99)

    if tail(1e-3, 1) > p99:
        return None
    possible = capacity(profile, load.words, load.rationale_tokens)
    fewest = enough = max(1, math.ceil(load.rate / possible / FULLEST))
    tails = {enough: tail(load.rate, enough)}
    while tails[enough] > p99:
        fewest, enough = enough + 1, enough + max(1, enough // 4)
        tails[enough] = tail(load.rate, enough)
    while fewest < enough:
        middle = (fewest + enough) // 2
        tails[middle] = tail(load.rate, middle)
        if tails[middle] <= p99:
            enough = middle
        else:
            fewest = middle + 1
    return Need(enough, tails[enough], load.rate / possible / enough)


def core_hours(threads: int, texts_per_second: float, texts: float = 1e6) -> float:
    """Of so many cores that are reserved until so many texts are done."""
    return threads * texts / texts_per_second / 3600
