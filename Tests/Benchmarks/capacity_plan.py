"""What capacity_points.py measures: which loads, which points, which texts."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRECISIONS = ("int8", "bfloat16", "int4")
# Clients and their texts, of mixed lengths: what costs are fitted to.
LOADS = ((1, 16), (2, 32), (4, 50), (8, 80), (16, 120), (32, 200), (64, 300))
LOAD_WORDS, LOAD_RATIONALES = (10, 30, 60, 120, 300), (0, 8, 16, 32, 48)
GUESSED_TEXTS, GUESSED_LENGTHS = 30, (16, 32)


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
