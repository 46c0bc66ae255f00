"""Where the modules under test are, and a simple profile: importing this makes `planning` importable."""

from __future__ import annotations

import dataclasses
import random
import sys
from pathlib import Path

CAPACITY = Path(__file__).resolve().parents[2] / "Deploy/capacity"
SIMULATE = CAPACITY / "simulate"
sys.path.insert(0, str(CAPACITY))

from planning.cost import FEATURES, CostModel, Step  # noqa: E402
from planning.profile import Guesses, MeasuredStep, Profile  # noqa: E402


def cost(request_seconds: float = 0.0, **seconds: float) -> CostModel:
    """Costs of the features that are named; the others cost nothing."""
    assert set(seconds) <= set(FEATURES)
    return CostModel(tuple(seconds.get(name, 0.0) for name in FEATURES), request_seconds)


def profile(model: CostModel | None = None, guesses: tuple[Guesses, ...] = ()) -> Profile:
    """Prompts of 10 shared tokens, 5 after the text, and one a word."""
    tokens = {"tokens_to_8": 2e-4, "tokens_to_32": 2e-4, "tokens_beyond": 2e-4}
    real = cost(0.002, step=0.0025, sampled=8e-5, attended=1e-7, **tokens)
    return Profile(
        "made", "none", "none", "none", "none", "int4", 2, 0.0, 10, 5, 1.0, model or real, guesses, ())


def steps(model: CostModel, count: int = 400, seed: int = 1) -> tuple[MeasuredStep, ...]:
    """Steps of all kinds, which take exactly what they cost."""
    generator = random.Random(seed)
    found = []
    for _ in range(count):
        tokens = generator.choice([1, 2, 5, 8, 12, 30, 60, 150, 256])
        step = Step(
            tokens, generator.randint(1, tokens), tokens * generator.randint(20, 300), generator.random() < 0.1,
            generator.choice([0, 0, 1, 3]))
        found.append(MeasuredStep(step, model.seconds(step)))
    return tuple(found)


GUESSED = dataclasses.replace(profile(), guesses=(Guesses(32, 20, 8), Guesses(32, 4, 0), Guesses(16, 8, 4)))
