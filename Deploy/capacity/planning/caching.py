"""Which share of texts that repeat is answered from kept results, and what that spares."""

from __future__ import annotations

from random import Random

from .fleet import ResultCache, spread
from .load import Zipf

# How the caches of several replicas stand to each other.
OWN, HASHED, SHARED = "own", "hashed", "shared"
ARRANGEMENTS = (OWN, HASHED, SHARED)


def hit_ratio(arrangement: str, replicas: int, entries: int, repeats: Zipf, count: int, seed: int = 0) -> float:
    """The share of the second half of `count` texts whose result is kept; the first half fills the caches.

    Each replica keeps `entries`. With `OWN` a text meets any replica, with `HASHED` always the same one, with `SHARED`
    one cache as large as all together. No time passes here: a text that comes while an equal one is computed is a hit.
    """
    generator = Random(seed)
    count_of_caches = 1 if arrangement == SHARED else replicas
    caches = [ResultCache(entries * replicas // count_of_caches) for _ in range(count_of_caches)]
    hits = 0
    for index in range(count):
        identity = repeats.draw(generator)
        place = spread(str(identity)) if arrangement == HASHED else generator.randrange(replicas)
        cache = caches[place % len(caches)]
        if cache.holds(identity):
            hits += index >= count // 2
        else:
            cache.keep(identity)
    return hits / max(1, count - count // 2)
