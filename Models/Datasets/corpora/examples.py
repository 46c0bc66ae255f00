"""The examples that are built, as `grace-trainer prepare` reads them, and the files that hold them."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Triplet:
    """A query, a text that answers it, and one that only looks as if it did."""

    query: str
    positive: str
    negative: str
    source: str

    def texts(self) -> list[str]:
        return [self.query, self.positive, self.negative]

    def row(self) -> dict[str, str]:
        return {"query": self.query, "positive": self.positive, "negative": self.negative, "source": self.source}


@dataclass(frozen=True)
class Text:
    """A text by itself, for unsupervised training."""

    text: str
    source: str

    def texts(self) -> list[str]:
        return [self.text]

    def row(self) -> dict[str, str]:
        return {"text": self.text, "source": self.source}


Example = Triplet | Text


def in_seeded_order(examples: Iterable[Example], seed: str) -> list[Example]:
    """The examples in an order that only they and `seed` decide, so that each beginning is a sample of all sources."""

    def key(example: Example) -> bytes:
        # U+0000 is in no text: fields cannot run into one another.
        return hashlib.sha256("\0".join([seed, example.source, *example.texts()]).encode()).digest()

    return sorted(examples, key=key)


def line(row: dict[str, Any]) -> str:
    """A row of a JSON Lines file, with its line end."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def by_source(examples: Sequence[Example]) -> dict[str, int]:
    """How many examples each source has, the sources in order."""
    return dict(sorted(Counter(example.source for example in examples).items()))


def write(path: Path, content: str) -> dict[str, Any]:
    """Writes a file as a whole or not at all; what the manifest says of it."""
    data = content.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    os.replace(partial, path)
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
