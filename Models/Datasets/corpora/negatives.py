"""Hard negatives: texts that look like the right one and are not."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from .examples import Triplet
from .words import SimilarityIndex, inverse_frequencies, jaccard, words

# From here on two texts say the same thing in other words: not a negative.
MOST_SHARED = 0.6


@dataclass(frozen=True)
class Candidate:
    """A pair, and what decides which texts can be its negative."""

    query: str
    positive: str
    # The negative is looked for among those of the same section,
    section: Hashable
    # but not among those of the same origin: they describe the same thing.
    origin: Hashable


def _fits(candidate: Candidate, other: Candidate, own: frozenset[str], others: frozenset[str]) -> bool:
    return (
        candidate.origin != other.origin
        and jaccard(own, others) < MOST_SHARED
        and jaccard(frozenset(words(candidate.query)), others) < MOST_SHARED
    )


def mine(candidates: Sequence[Candidate], source: str, considered: int = 20) -> list[Triplet]:
    """The candidates with the positive of their section that is most like their own, of the `considered` nearest.

    Those for which none is fit are left out: nearly all of them are in the same words as many others.
    """
    documents = [frozenset(words(candidate.positive)) for candidate in candidates]
    weights = inverse_frequencies(documents)
    sections: dict[Hashable, list[int]] = {}
    for index, candidate in enumerate(candidates):
        sections.setdefault(candidate.section, []).append(index)
    triplets: list[Triplet] = []
    for members in sections.values():
        similar = SimilarityIndex([documents[index] for index in members], weights)
        for index in members:
            for place in similar.nearest(documents[index], considered):
                other = members[place]
                own = candidates[index]
                if _fits(own, candidates[other], documents[index], documents[other]):
                    triplets.append(Triplet(own.query, own.positive, candidates[other].positive, source))
                    break
    return triplets
