"""What a step of a replica takes, as a sum of a few counts, each with its seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Where another token begins to cost more: few wait for memory, which a step reads once, many for products.
FEW, SOME = 8, 32
# Seconds with nothing to do after which threads sleep.
IDLE = 0.002
# Relative errors of a fit that are as good as none.
FEW_PERCENT = 0.03

# One coefficient each. Tokens are those that are run, of prompts, rationales and guesses alike.
FEATURES = (
    "step",  # reading the weights once
    "tokens_to_8",  # tokens among the first FEW of the step
    "tokens_to_32",  # those after them, up to SOME
    "tokens_beyond",  # all other
    "sampled",  # rows of logits
    "attended",  # positions that all tokens of the step look at
    "woken",  # 1 where nothing ran for a while: threads wake
    "joined",  # texts that join: their HTTP, JSON and tokenising, beside the steps and between them
)


@dataclass(frozen=True)
class Step:
    """What one step computes."""

    tokens: int
    sampled: int
    attended: int
    woken: bool
    joined: int

    @property
    def features(self) -> tuple[int, ...]:
        few, some = min(self.tokens, FEW), min(self.tokens, SOME)
        return (1, few, some - few, self.tokens - some, self.sampled, self.attended, int(self.woken), self.joined)


@dataclass(frozen=True)
class CostModel:
    """Seconds of each feature, and those of a request outside of queue and batch."""

    coefficients: tuple[float, ...]
    request_seconds: float

    def seconds(self, step: Step) -> float:
        return sum(each * count for each, count in zip(self.coefficients, step.features))

    def slower(self, pace: float) -> CostModel:
        """Of a machine whose steps take `pace` times as long."""
        return replace(self, coefficients=tuple(pace * each for each in self.coefficients))


def fit(rows: Sequence[Sequence[float]], seconds: Sequence[float], rounds: int = 10) -> list[float]:
    """The coefficients, none negative, with the least sum of relative errors.

    `rows` are the features of each measurement, which took `seconds`. Errors are not squared but beneath a few percent,
    so that a machine which is slow for a while moves the costs little: least squares, weighted anew in each round.
    """
    scaled = [[value / took for value in row] for row, took in zip(rows, seconds)]
    weights = [1.0] * len(scaled)
    found: list[float] = []
    for _ in range(rounds):
        found = weighted_fit(scaled, weights)
        errors = (abs(sum(map(float.__mul__, found, row)) - 1) for row in scaled)
        weights = [1 / max(error, FEW_PERCENT) for error in errors]
    return found


def weighted_fit(rows: Sequence[Sequence[float]], weights: Sequence[float], rounds: int = 3000) -> list[float]:
    """The coefficients, none negative, whose products with the rows are nearest to 1: by coordinate descent."""
    width = len(rows[0])
    # The normal equations, of columns of length 1.
    norms = [sum(weight * row[column] ** 2 for row, weight in zip(rows, weights)) ** 0.5 or 1.0
             for column in range(width)]
    scaled = [[value / norm for value, norm in zip(row, norms)] for row in rows]
    products = [
        [sum(weight * row[a] * row[b] for row, weight in zip(scaled, weights)) for b in range(width)]
        for a in range(width)
    ]
    targets = [sum(weight * row[column] for row, weight in zip(scaled, weights)) for column in range(width)]
    found = [0.0] * width
    for _ in range(rounds):
        for column in range(width):
            if products[column][column] > 0:
                rest = targets[column] - sum(map(float.__mul__, products[column], found))
                found[column] = max(0.0, found[column] + rest / products[column][column])
    return [value / norm for value, norm in zip(found, norms)]
