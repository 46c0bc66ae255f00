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
from .profile import Batch, Profile, read_document
from .refusal import Refusal
from .replica import Replica, Text
from .study import closed_loop, percentile

FORMAT = "grace-capacity-points-1"
JOINED = FEATURES.index("joined")
MOST_JOINED = 0.02  # seconds


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


def fitted_steps(profile: Profile) -> CostModel:
    """The costs that explain best what the profile's batches took, in which texts join with nobody else at work."""
    rows = [totals(batch, profile.prefix_tokens) for batch in profile.batches]
    if len(rows) < len(FEATURES):
        raise Refusal(f"{len(rows)} measurements for {len(FEATURES)} costs")
    steps = fit([row[:JOINED] for row in rows], [batch.seconds for batch in profile.batches])
    return CostModel((*steps, 0.0), 0.0)


def fitted(profile: Profile) -> CostModel:
    """The costs of steps, and those of a text that joins with which the profile's flow has the median that it had."""
    steps, flow = fitted_steps(profile), profile.flow
    low, high = 0.0, MOST_JOINED
    while high - low > 1e-6:
        cost = CostModel((*steps.coefficients[:JOINED], (low + high) / 2), flow.outside_seconds)
        moments = arrivals(flow.rate, Random(flow.seed))
        texts = [Text(next(moments), tokens, 0) for tokens in flow.prompt_tokens]
        latencies = Fleet(replace(profile, cost=cost), 1, LEAST, 0).run(texts).latencies
        low, high = (low, (low + high) / 2) if percentile(latencies, 0.5) > flow.p50 else ((low + high) / 2, high)
    return CostModel((*steps.coefficients[:JOINED], low), flow.outside_seconds)


def fitted_seconds(profile: Profile) -> list[float]:
    """What the profile's batches take by its costs."""
    steps = profile.cost.coefficients[:JOINED]
    rows = [totals(batch, profile.prefix_tokens) for batch in profile.batches]
    return [sum(each * count for each, count in zip(steps, row)) for row in rows]


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
