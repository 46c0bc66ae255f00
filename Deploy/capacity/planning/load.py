"""What comes: when, which texts, how long."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .profile import Profile
from .refusal import Refusal
from .replica import Text


@dataclass(frozen=True)
class Load:
    """Texts a second at random (Poisson), each with one of these lengths, all as likely."""

    rate: float
    words: tuple[int, ...]
    rationale_tokens: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 < self.rate < float("inf"):
            raise Refusal(f"{self.rate} texts a second, expected more than 0")
        if not self.words or min(self.words) < 1 or not self.rationale_tokens or min(self.rationale_tokens) < 0:
            raise Refusal(f"texts of {self.words} words and {self.rationale_tokens} tokens of rationale")

    def texts(self, profile: Profile, count: int, generator: Random, repeats: Zipf | None = None) -> list[Text]:
        """So many texts in the order in which they come; what repeats has the length that it had before."""
        moments = arrivals(self.rate, generator)
        found = []
        for _ in range(count):
            identity = None if repeats is None else repeats.draw(generator)
            lengths = generator if identity is None else Random(identity)
            words, rationale_tokens = lengths.choice(self.words), lengths.choice(self.rationale_tokens)
            found.append(Text(next(moments), profile.prompt_tokens(words), rationale_tokens, identity))
        return found


def arrivals(rate: float, generator: Random) -> Iterator[float]:
    """Moments of a Poisson process, in seconds: those of a generator are always the same."""
    now = 0.0
    while True:
        now += generator.expovariate(rate)
        yield now


class Zipf:
    """Texts out of a collection, of which the n-th is asked for in proportion to 1 / n^exponent."""

    def __init__(self, count: int, exponent: float) -> None:
        if count < 1 or not 0 <= exponent < float("inf"):
            raise Refusal(f"{count} texts that repeat with exponent {exponent}")
        self.sums = list(itertools.accumulate(rank**-exponent for rank in range(1, count + 1)))

    def draw(self, generator: Random) -> int:
        """The rank of a text, from 0 on."""
        return min(bisect.bisect(self.sums, generator.random() * self.sums[-1]), len(self.sums) - 1)
