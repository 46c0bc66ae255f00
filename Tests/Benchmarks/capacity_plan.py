"""What capacity_points.py measures: which batches, which points, which texts."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRECISIONS = ("int8", "bfloat16", "int4")
# Texts of a batch, words of each, tokens of a rationale: what costs are fitted to.
BATCHES = (
    (1, 30, 0), (1, 120, 0), (1, 400, 0), (1, 10, 64), (1, 400, 32), (2, 30, 32), (4, 30, 32), (8, 10, 64),
    (8, 120, 0), (8, 400, 16), (12, 30, 32), (16, 30, 0), (16, 60, 48), (24, 30, 32), (32, 10, 64), (32, 120, 0),
    (32, 120, 32), (48, 30, 32), (64, 10, 0), (64, 30, 32), (64, 120, 0), (64, 120, 48),
)
GUESSED_TEXTS, GUESSED_LENGTHS = 30, (16, 32)
FLOW_TEXTS, FLOW_WORDS, FLOW_SHARE = 600, 20, 0.6


@dataclass(frozen=True)
class Plan:
    """A point: words and tokens of a rationale, of which each text has one; `share` of what is possible, or clients."""

    words: tuple[int, ...]
    rationale_tokens: tuple[int, ...]
    share: float = 0.0
    clients: int = 0

    @property
    def name(self) -> str:
        lengths = "+".join(map(str, self.words)), "+".join(map(str, self.rationale_tokens))
        load = f"{self.share:.0%}" if self.share else f"{self.clients} clients"
        return f"{lengths[0]} words, {lengths[1]} tokens, {load}"


PLANS = (
    Plan((30,), (0,), share=0.5), Plan((30,), (0,), share=0.8), Plan((120,), (0,), share=0.7),
    Plan((30,), (16,), share=0.6), Plan((120,), (16,), share=0.8),
    Plan((30,), (32,), share=0.5), Plan((30,), (32,), share=0.8), Plan((120,), (32,), share=0.7),
    Plan((30, 120), (0, 32), share=0.6),
    Plan((30,), (32,), clients=1), Plan((120,), (16,), clients=6), Plan((30,), (32,), clients=64),
)


class Prose:
    """Texts of so many words out of the documentation, all different."""

    def __init__(self, seed: str) -> None:
        self.generator = random.Random(seed)
        self.words: list[str] = []
        self.given: set[str] = set()
        for path in sorted((ROOT / "docs").glob("*.md")):
            written = path.read_text(encoding="utf-8")
            plain = re.sub(r"```.*?```|^\|[^\n]*$|[*`#]|\]\([^)]*\)", "", written, flags=re.S | re.M)
            self.words += plain.replace("[", "").split()

    def text(self, words: int) -> str:
        text = None
        while text is None or text in self.given:
            start = self.generator.randrange(len(self.words) - words)
            text = " ".join(self.words[start : start + words])
        self.given.add(text)
        return text
