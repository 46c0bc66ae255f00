"""How many texts go into a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .rows import LONGEST_TEXT, Row

# Bytes of text in a token, on the low side of what English has.
TOKEN_BYTES = 3
# Tokens around a text, generously: template and system message.
PROMPT_TOKENS = 64


@dataclass(frozen=True)
class Limits:
    """What a request may hold; `rationale_tokens` is what each text's rationale may come to."""

    texts: int
    tokens: int
    rationale_tokens: int

    def tokens_of(self, text: str) -> int:
        """An estimate of all tokens that a text takes room for."""
        return len(text.encode()) // TOKEN_BYTES + 1 + PROMPT_TOKENS + self.rationale_tokens


def batches(rows: Iterable[Row], limits: Limits) -> Iterator[list[Row]]:
    """The rows in their order, in batches within the limits; one that is over them by itself goes alone."""
    batch: list[Row] = []
    tokens = size = 0
    for row in rows:
        row_tokens, row_size = limits.tokens_of(row.text), len(row.text.encode())
        is_full = len(batch) == limits.texts or tokens + row_tokens > limits.tokens or size + row_size > LONGEST_TEXT
        if batch and is_full:
            yield batch
            batch, tokens, size = [], 0, 0
        batch.append(row)
        tokens += row_tokens
        size += row_size
    if batch:
        yield batch
