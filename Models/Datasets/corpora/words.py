"""Texts as words: folding, word sets, and how alike two texts are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W_]+")


def one_line(text: str) -> str:
    """The text with each run of white space as one space, and none at the ends."""
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """The runs of letters and digits, case folded."""
    return _WORD.findall(text.casefold())


def folded(text: str) -> str:
    """What two texts share if they differ in case, white space and punctuation alone."""
    return " ".join(words(text))


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """The words that two texts share, over those that either has; 0 where both are empty."""
    shared = len(first & second)
    together = len(first) + len(second) - shared
    return shared / together if together else 0.0


def inverse_frequencies(documents: Iterable[frozenset[str]]) -> dict[str, float]:
    """log((1 + documents) / (1 + documents that have the word)) + 1 for each word."""
    count, holders = 0, Counter[str]()
    for document in documents:
        count += 1
        holders.update(document)
    return {word: math.log((1 + count) / (1 + holding)) + 1 for word, holding in holders.items()}


class SimilarityIndex:
    """Finds the most similar of some texts by the inverse frequencies of the words that they share.

    The similarity of two texts is the weight of the shared words over the geometric mean of the weights of either's.
    Candidates are found by the words that at most `common` of the texts have (and never fewer than 50 texts), then
    compared by all words: a text that shares nothing but common words is not found.
    """

    def __init__(self, documents: Sequence[frozenset[str]], weights: dict[str, float], common: float = 0.05) -> None:
        self._documents = documents
        self._weights = weights
        # Sorted: sums of floating-point numbers depend on their order, and the order of a set on the process.
        self._totals = [sum(weights.get(word, 0.0) for word in sorted(document)) for document in documents]
        postings: dict[str, list[int]] = {}
        for index, document in enumerate(documents):
            for word in document:
                postings.setdefault(word, []).append(index)
        limit = max(50, int(common * len(documents)))
        self._postings = {word: holders for word, holders in postings.items() if len(holders) <= limit}

    def similarity(self, query: frozenset[str], index: int) -> float:
        """How similar `query` is to the text at `index`, from 0 to 1."""
        shared = sum(self._weights.get(word, 0.0) for word in sorted(query & self._documents[index]))
        total = sum(self._weights.get(word, 0.0) for word in sorted(query))
        scale = math.sqrt(total * self._totals[index])
        return shared / scale if scale else 0.0

    def nearest(self, query: frozenset[str], count: int = 20) -> list[int]:
        """The indices of the `count` most similar texts, the most similar first, `query`'s own among them if it is."""
        scores: dict[int, float] = {}
        for word in sorted(query):
            weight = self._weights.get(word, 0.0)
            for index in self._postings.get(word, ()):
                scores[index] = scores.get(index, 0.0) + weight
        by_rare_words = sorted(
            scores, key=lambda index: (-scores[index] / math.sqrt(self._totals[index] or 1.0), index)
        )[: 2 * count]
        return sorted(by_rare_words, key=lambda index: (-self.similarity(query, index), index))[:count]
