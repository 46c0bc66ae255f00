"""What was measured of a running server, and the same by simulation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from .cost import FEATURES, CostModel, Step, fit
from .fleet import LEAST, Fleet
from .load import arrivals
from .profile import Profile, read_document
from .refusal import Refusal
from .replica import Replica, Text
from .study import closed_loop, percentile

FORMAT = "grace-capacity-points-1"
JOINED = FEATURES.index("joined")


@dataclass(frozen=True)
class Batch:
    """One request of texts that were computed together, without guesses: what costs of steps are fitted to."""

    prompt_tokens: list[int]
    rationale_tokens: list[int]
    seconds: float  # from a place in the batch to the end


@dataclass(frozen=True)
class Summary:
    """Latencies in seconds, and texts a second."""

    mean: float
    p50: float
    p99: float
    throughput: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float) -> Summary:
        mean = sum(latencies) / len(latencies) if latencies else 0.0
        return cls(mean, percentile(latencies, 0.5), percentile(latencies, 0.99), len(latencies) / seconds)


@dataclass(frozen=True)
class Point:
    """One run: texts at a rate, or from clients that each wait for their answer. One of the two is 0."""

    name: str
    profile: str
    rate: float
    clients: int
    seed: int  # of the arrivals
    others_share: float  # of the machine, that other programs took
    prompt_tokens: list[int]
    rationale_tokens: list[int]
    measured: Summary

    def simulated(self, profile: Profile) -> Summary:
        """The same texts, at the same moments."""
        moments = arrivals(self.rate, Random(self.seed)) if self.rate else iter([0.0] * len(self.prompt_tokens))
        texts = [
            Text(next(moments), *lengths) for lengths in zip(self.prompt_tokens, self.rationale_tokens)
        ]
        if self.clients:
            latencies = closed_loop(profile, texts, self.clients)
        else:
            latencies = Fleet(profile, 1, LEAST, 0).run(texts).latencies
        return Summary.of(latencies, max(text.end or 0.0 for text in texts) - texts[0].arrival)


@dataclass(frozen=True)
class Flow:
    """Texts of so many clients that each wait for their answer: what costs beside the steps are fitted to."""

    clients: int
    prompt_tokens: list[int]
    rationale_tokens: list[int]
    seconds: float  # of all
    outside_seconds: float  # of a request, on average: in neither queue nor batch

    def texts(self) -> list[Text]:
        return [Text(0.0, *lengths) for lengths in zip(self.prompt_tokens, self.rationale_tokens)]


def fitted(batches: Sequence[Batch], flow: Flow, profile: Profile) -> CostModel:
    """The costs that explain the seconds of these batches best, then those of the flow; not those of the profile."""
    rows = [totals(batch, profile.prefix_tokens) for batch in batches]
    if len(rows) < len(FEATURES):
        raise Refusal(f"{len(rows)} measurements for {len(FEATURES)} costs")
    # In batches texts join without anybody else at work.
    steps = fit([row[:JOINED] for row in rows], [batch.seconds for batch in batches])
    alone = CostModel((*steps, 0.0), flow.outside_seconds)
    texts = flow.texts()
    closed_loop(replace(profile, cost=alone), texts, flow.clients)
    spent = max(text.end or 0.0 for text in texts)
    return CostModel((*steps, max(0.0, flow.seconds - spent) / len(texts)), flow.outside_seconds)


def totals(batch: Batch, prefix_tokens: int) -> list[float]:
    """Each feature, summed over the steps of a batch: which steps there are does not depend on what they take."""
    sums = [0.0] * len(FEATURES)

    def add(step: Step) -> None:
        for index, value in enumerate(step.features):
            sums[index] += value

    replica = Replica(CostModel((1.0,) + (0.0,) * (len(FEATURES) - 1), 0.0), prefix_tokens, on_step=add)
    replica.submit([Text(0.0, *lengths) for lengths in zip(batch.prompt_tokens, batch.rationale_tokens)], 0.0)
    while replica.step_end is not None:
        replica.finish()
    return sums


def read_points(path: Path) -> list[Point]:
    """Raises Refusal where the file holds no points."""
    entries = read_document(path, FORMAT).get("points")
    try:
        return [Point(**{**entry, "measured": Summary(**entry["measured"])}) for entry in entries or []]
    except (KeyError, TypeError) as error:
        raise Refusal(f"{path}: {error!r} in a point") from error


def write_points(path: Path, points: Sequence[Point]) -> None:
    """A point a line; the file is replaced at once."""
    lines = ",\n".join(f"  {json.dumps(asdict(point))}" for point in points)
    partial = path.with_suffix(".partial")
    partial.write_text(f'{{"format": "{FORMAT}", "points": [\n{lines}\n]}}\n', encoding="utf-8")
    partial.replace(path)
