"""Reads the texts that benchmarks send."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

# The fields that hold a text, of those that data sets for retrieval and similarity use.
TEXT_FIELDS = ("text", "doc", "s1", "s2", "query", "sentence", "sentence1", "sentence2", "passage", "summary")


def lines_of(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if path.suffix not in (".jsonl", ".json"):
                yield line.strip()
            elif line.strip():
                record = json.loads(line)
                if isinstance(record, str):
                    yield record
                else:
                    yield from (record[name] for name in TEXT_FIELDS if isinstance(record.get(name), str))


def read_texts(paths: list[Path], longest: int) -> list[str]:
    """The distinct texts of all files, of at most `longest` characters, in an order that is always the same.

    A `.jsonl` file holds a string or an object in each line, any other file a text in each line.
    """
    found = {text: None for path in paths for text in lines_of(path) if 0 < len(text) <= longest}
    texts = list(found)
    random.Random(0).shuffle(texts)
    return texts
