"""Keeps the texts of the evaluation suite out of what is trained on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .failure import Failure
from .words import SimilarityIndex, folded, inverse_frequencies, jaccard, words

_TEXT_KEYS = ("s1", "s2", "text", "query", "positive", "negative", "doc", "summary")
# The same bound as for negatives: from there on a paragraph is another version of the same one.
_NEAR = 0.6
_NEAR_WORDS = 8
# So many words in a row are in two texts only if one has them from the other.
_RUN = 10


def texts_of(row: dict[str, Any]) -> Iterator[str]:
    """The texts of one row of an evaluation file."""
    for key in _TEXT_KEYS:
        value = row.get(key)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (text for text in value if isinstance(text, str))


def read_texts(directory: Path) -> list[str]:
    """All texts of the evaluation files in a directory, in the order of the files' names."""
    texts: list[str] = []
    files = sorted(directory.glob("*.jsonl"))
    if not files:
        raise Failure(
            f"{directory} holds no evaluation files (*.jsonl), so what must be kept out is not known: run "
            "build-evaluation, or name their directory with --evaluation"
        )
    for file in files:
        for number, content in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                texts.extend(texts_of(json.loads(content)))
            except (ValueError, AttributeError) as error:
                raise Failure(f"{file}:{number}: {error}") from error
    return texts


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    spoken = words(text)
    return (tuple(spoken[start : start + _RUN]) for start in range(len(spoken) - _RUN + 1))


class Exclusion:
    """Knows texts that must not be trained on, and counts by source how often it met one."""

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = sorted({folded(text) for text in texts} - {""})
        self._exact = frozenset(distinct)
        self._long = [frozenset(words(text)) for text in distinct if len(words(text)) >= _NEAR_WORDS]
        self._runs = frozenset(run for text in distinct for run in _runs(text))
        self._index = SimilarityIndex(self._long, inverse_frequencies(self._long))
        self.exact_matches: Counter[str] = Counter()
        self.near_matches: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._exact)

    def has(self, text: str, source: str) -> bool:
        """Whether the text is one of them but for case, white space and punctuation."""
        found = folded(text) in self._exact
        self.exact_matches[source] += found
        return found

    def has_near(self, text: str, source: str) -> bool:
        """Whether the text shares ten words in a row with one of them, or 60% with one of at least eight words."""
        own = frozenset(words(text))
        found = any(run in self._runs for run in _runs(text)) or any(
            jaccard(own, self._long[index]) >= _NEAR for index in self._index.nearest(own, 5)
        )
        self.near_matches[source] += found
        return found
