"""What was measured of one machine, model and precision: read, checked, written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .cost import FEATURES, CostModel
from .refusal import Refusal

FORMAT = "grace-capacity-profile-1"


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
class Batch:
    """One request of texts that were computed together, without guesses: what costs of steps are fitted to."""

    prompt_tokens: list[int]
    rationale_tokens: list[int]
    seconds: float  # from a place in the batch to the end


@dataclass(frozen=True)
class Flow:
    """Texts without rationale that came at random moments: what the costs of HTTP are fitted to."""

    rate: float
    seed: int  # of the moments
    prompt_tokens: list[int]
    p50: float  # seconds of a request
    outside_seconds: float  # of a request, on average: in neither queue nor batch


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
    batches: tuple[Batch, ...]  # what the costs come from, and so does the flow
    flow: Flow

    def prompt_tokens(self, words: int) -> int:
        return self.prefix_tokens + self.template_tokens + round(words * self.tokens_per_word)

    def write(self, path: Path) -> None:
        document: dict[str, Any] = {"format": FORMAT, **asdict(self)}
        document["cost"] = {
            "request_seconds": self.cost.request_seconds,
            **dict(zip(FEATURES, self.cost.coefficients)),
        }
        document["guesses"] = [[each.written, each.drafted, each.accepted] for each in self.guesses]
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
            batches = tuple(Batch(**entry) for entry in document.pop("batches"))
            flow = Flow(**document.pop("flow"))
            profile = cls(cost=model, guesses=guesses, batches=batches, flow=flow, **document)
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal(f"{path}: {error!r} in a profile") from error
        numbers = (*model.coefficients, model.request_seconds, profile.tokens_per_word, profile.prefix_tokens)
        if not all(0 <= number < float("inf") for number in numbers) or not any(model.coefficients):
            raise Refusal(f"{path}: a cost is negative, not finite, or all are 0")
        if profile.threads < 1:
            raise Refusal(f"{path}: {profile.threads} threads")
        return profile


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
