"""What was measured of one machine, model and precision: read, checked, written."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from .cost import FEATURES, CostModel, Step
from .refusal import Refusal

FORMAT = "grace-capacity-profile-2"


@dataclass(frozen=True)
class Guesses:
    """Of one text that was embedded alone: tokens written, and of those guessed ahead how many were run and right."""

    written: int
    drafted: int
    accepted: int

    @property
    def steps(self) -> int:
        return max(1, self.written - self.accepted)


@dataclass(frozen=True)
class MeasuredStep:
    """A step of a server under load, and the seconds until the next one began, or until its end where none followed."""

    step: Step
    seconds: float


@dataclass(frozen=True)
class Profile:
    """One machine with one model in one precision."""

    name: str
    machine: str
    commit: str
    command: str
    model: str
    precision: str
    threads: int
    others_share: float  # of the machine, that other programs took meanwhile, at worst
    prefix_tokens: int  # with which all prompts begin: computed once
    template_tokens: int  # of a prompt, behind the text
    tokens_per_word: float
    cost: CostModel
    guesses: tuple[Guesses, ...]  # what follows is guessed while few texts are live; none without
    steps: tuple[MeasuredStep, ...]  # what the costs are fitted to

    def slower(self, pace: float) -> Profile:
        """A machine whose steps take `pace` times as long."""
        if not 0 < pace < float("inf"):
            raise Refusal(f"a pace of {pace}, expected more than 0")
        return replace(self, cost=self.cost.slower(pace))

    def prompt_tokens(self, words: int) -> int:
        return self.prefix_tokens + self.template_tokens + round(words * self.tokens_per_word)

    @property
    def problem(self) -> str | None:
        """What cannot be. Raises TypeError where a number is none."""
        numbers = (*self.cost.coefficients, self.cost.request_seconds, self.tokens_per_word, self.prefix_tokens)
        if not all(0 <= number < float("inf") for number in numbers) or not any(self.cost.coefficients):
            return "a cost is negative, not finite, or all are 0"
        if self.threads < 1:
            return f"{self.threads} threads"
        if not all(0 < each.seconds < float("inf") and min(each.step.features) >= 0 for each in self.steps):
            return "a step took no time, or has less than nothing of something"
        if not all(min(each.written, each.drafted, each.accepted) >= 0 for each in self.guesses):
            return "a guess has less than nothing of something"
        return None

    def write(self, path: Path) -> None:
        document: dict[str, Any] = {"format": FORMAT, **asdict(self)}
        document["cost"] = {
            "request_seconds": self.cost.request_seconds,
            **dict(zip(FEATURES, self.cost.coefficients)),
        }
        document["guesses"] = [[each.written, each.drafted, each.accepted] for each in self.guesses]
        document["steps"] = [[*map(int, astuple(each.step)), round(1e6 * each.seconds)] for each in self.steps]
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Profile:
        """Raises Refusal where the file is no profile."""
        document = read_document(path, FORMAT)
        try:
            cost = document.pop("cost")
            model = CostModel(tuple(float(cost[name]) for name in FEATURES), float(cost["request_seconds"]))
            guesses = tuple(Guesses(*map(int, entry)) for entry in document.pop("guesses"))
            steps = tuple(map(measured_step, document.pop("steps")))
            profile = cls(cost=model, guesses=guesses, steps=steps, **document)
            problem = profile.problem
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Refusal(f"{path}: {error!r} in a profile") from error
        if problem:
            raise Refusal(f"{path}: {problem}")
        return profile


def measured_step(entry: list[int]) -> MeasuredStep:
    """Of the fields of a step, and microseconds. Raises ValueError where there are others."""
    if not isinstance(entry, list):
        raise ValueError(f"a step is {entry!r}")
    tokens, sampled, attended, woken, joined, microseconds = map(int, entry)
    return MeasuredStep(Step(tokens, sampled, attended, bool(woken), joined), microseconds / 1e6)


def read_document(path: Path, expected: str) -> dict[str, Any]:
    """A file of this format, without the mark of it. Raises Refusal where it is another one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(f"{path}: {error}") from error
    found = document.pop("format", None) if isinstance(document, dict) else None
    if found != expected:
        raise Refusal(f"{path}: the format is {found!r}, expected {expected!r}")
    return document
