"""Where the job's modules are, and what several tests make of them."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Deploy" / "spark"), str(ROOT / "Tests" / "Benchmarks")]

from grace_spark.rows import Place, Row  # noqa: E402


def row(id: str, text: str = "A river.", source: str = "a.jsonl", block: int = 0, number: int = 0) -> Row:
    return Row(Place(source, block, number), id, text)
