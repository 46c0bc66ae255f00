"""Texts whose vectors are known, and how near a server on another machine comes to them.

Rounding differs from number format to number format and from processor to processor, and with it, now and then, a token
of a rationale and all that follow. A canary must let that pass, and must not pass without the adapter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .refusal import Refusal

# Number formats that a server may compute with, beside the one that suits the base, which the vectors are of.
PRECISIONS = ["int8", "bfloat16", "float32"]
TEXTS = [
    "The heron stands in the shallow water and waits until a fish comes near enough.",
    "Our train from Oslo to Bergen was cancelled because of snow on the line, so we took the bus.",
]
# A vector of length 1 to six decimals has a cosine of 1 to the one that it was.
DECIMALS = 6
# What other processors than this one may be off.
MARGIN = 0.02


@dataclass
class Measured:
    """A text, what it comes to, and how near to that other number formats and the base alone come."""

    text: str
    vector: list[float]
    least: float
    base: float


def measured(
    texts: list[str], of_adapter: Callable[[str | None], list[list[float]]], of_base: list[list[float]]
) -> list[Measured]:
    """Embeds texts in each number format."""
    runs = [of_adapter(precision) for precision in [None, *PRECISIONS]]
    return [
        Measured(text, vectors[0], min(cosine(vectors[0], other) for other in vectors[1:]), cosine(vectors[0], base))
        for text, *vectors, base in zip(texts, *runs, of_base)
    ]


def canaries(measurements: list[Measured], rationale_tokens: int, minimum_cosine: float) -> list[dict[str, object]]:
    """The canaries of grace.json.

    Raises Refusal where another number format comes too near to the bound, or the base alone would pass it.
    """
    for measurement in measurements:
        what = f"the canary {measurement.text[:40]!r}"
        if measurement.least < minimum_cosine + MARGIN:
            raise Refusal(
                f"{what}: other number formats come to a cosine of {measurement.least:.4f}, expected at least "
                f"{minimum_cosine + MARGIN:.4f}: take another text, or a smaller --minimum-cosine")
        if measurement.base >= minimum_cosine:
            raise Refusal(
                f"{what}: the base alone comes to a cosine of {measurement.base:.4f}, expected less than "
                f"{minimum_cosine}: take another text, or a greater --minimum-cosine")
    return [
        {
            "text": measurement.text,
            "max_rationale_tokens": rationale_tokens,
            "embedding": [round(number, DECIMALS) for number in measurement.vector],
            "minimum_cosine": minimum_cosine,
        }
        for measurement in measurements
    ]


def cosine(first: list[float], second: list[float]) -> float:
    if len(first) != len(second):
        raise Refusal(f"a vector has {len(second)} numbers, another of the same text {len(first)}")
    product = sum(x * y for x, y in zip(first, second))
    squares = sum(x * x for x in first) * sum(y * y for y in second)
    return product / squares**0.5 if squares > 0 else 0.0
