"""What was measured of a running server, and the same by simulation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice, repeat
from pathlib import Path
from random import Random

from .cost import FEATURES, CostModel, fit
from .fleet import LEAST, Fleet
from .load import arrivals
from .profile import Profile, read_document
from .refusal import Refusal
from .replica import Text
from .study import closed_loop, percentile

FORMAT = "grace-capacity-points-2"
MOST = 1e9  # of any number: nothing that was measured is as large


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
    # Of each second from the first text on: what its steps took over what they cost by the profile of that day.
    pace: list[float]
    measured: Summary

    @property
    def mean_pace(self) -> float:
        return sum(self.pace) / len(self.pace)

    @property
    def is_sound(self) -> bool:
        """Whether it can be simulated. Raises TypeError where a number is none."""
        times = (*self.pace, *asdict(self.measured).values())
        counts = (*self.prompt_tokens, *self.rationale_tokens)
        return (
            isinstance(self.name, str) and isinstance(self.profile, str) and type(self.seed) is int
            and all(0 < time < MOST for time in times) and bool(self.pace)
            and all(type(count) is int and count >= 0 for count in (*counts, self.clients))
            and len(self.prompt_tokens) == len(self.rationale_tokens) > 0
            and 0 <= self.rate < MOST and (self.rate > 0) != (self.clients > 0))

    def simulated(self, profile: Profile, at_its_pace: bool = True) -> Summary:
        """The same texts, at the same moments, on a machine as slow as it was then, or else as in the profile."""
        pace = self.pace if at_its_pace else ()
        coming = arrivals(self.rate, Random(self.seed)) if self.rate else repeat(0.0)
        moments = list(islice(coming, len(self.prompt_tokens)))
        lengths = zip(self.prompt_tokens, self.rationale_tokens)
        texts = [Text(moment - moments[0], *each) for moment, each in zip(moments, lengths)]
        if self.clients:
            latencies = closed_loop(profile, texts, self.clients, pace=pace)
        else:
            latencies = Fleet(profile, 1, LEAST, 0, pace=pace).run(texts).latencies
        return Summary.of(latencies, max(text.end or 0.0 for text in texts))


def fitted(profile: Profile) -> CostModel:
    """The costs that explain best what the profile's steps took, and with which all of them together take as long."""
    if len(profile.steps) < len(FEATURES):
        raise Refusal(f"{len(profile.steps)} steps for {len(FEATURES)} costs")
    rows = [list(map(float, each.step.features)) for each in profile.steps]
    seconds = [each.seconds for each in profile.steps]
    cost = CostModel(tuple(fit(rows, seconds)), profile.cost.request_seconds)
    # The fit is that of most steps; a plan is for a machine that is as often slow as the measured one was.
    return cost.slower(sum(seconds) / sum(cost.seconds(each.step) for each in profile.steps))


def read_points(path: Path) -> list[Point]:
    """Raises Refusal where the file holds no points."""
    entries = read_document(path, FORMAT).get("points")
    try:
        points = [Point(**{**entry, "measured": Summary(**entry["measured"])}) for entry in entries]
        for place, point in enumerate(points):
            if not point.is_sound:
                raise Refusal(f"{path}: point {place} has numbers that cannot be")
    except (KeyError, TypeError) as error:
        raise Refusal(f"{path}: {error!r} in a point") from error
    if not points:
        raise Refusal(f"{path}: no points")
    return points


def write_points(path: Path, points: Sequence[Point]) -> None:
    """A point a line; the file is replaced at once."""
    lines = ",\n".join(f"  {json.dumps(asdict(point))}" for point in points)
    partial = path.with_suffix(".partial")
    partial.write_text(f'{{"format": "{FORMAT}", "points": [\n{lines}\n]}}\n', encoding="utf-8")
    partial.replace(path)
