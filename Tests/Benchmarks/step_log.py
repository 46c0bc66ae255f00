"""What a server did step by step, read from its log at the level `trace`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CAPACITY = Path(__file__).resolve().parents[2] / "Deploy/capacity"
sys.path.insert(0, str(CAPACITY))

from planning.cost import CostModel, Step  # noqa: E402
from planning.profile import MeasuredStep  # noqa: E402

LINE = re.compile(r"^\S+ trace \S+: step (.*)$", re.MULTILINE)
FIELD = re.compile(r"(\w+)=(\d+)")
# Seconds between two steps after which the server had nothing to do, where none of the first one's texts went on.
IDLE = 0.002


@dataclass(frozen=True)
class LoggedStep:
    """A step, when it began in seconds since the server started, and how long it took."""

    began: float
    measured: MeasuredStep


def read_steps(log: str) -> list[LoggedStep]:
    """Those of a part of a log; before its first step the server did nothing."""
    entries = [{name: int(value) for name, value in FIELD.findall(line[1])} for line in LINE.finditer(log)]
    found = []
    before_end, went_on = -1e9, False
    for place, entry in enumerate(entries):
        began, ended = entry["began"] / 1e6, entry["ended"] / 1e6
        woken = not went_on and began - before_end > IDLE
        goes_on = entry["writing"] + entry["unfinished"] > 0
        # Texts that go on are run again at once: what is between two steps is the price of both.
        end = entries[place + 1]["began"] / 1e6 if goes_on and place + 1 < len(entries) else ended
        step = Step(entry["run"], entry["sampled"], entry["attended"], woken, entry["admitted"])
        found.append(LoggedStep(began, MeasuredStep(step, end - began)))
        before_end, went_on = ended, goes_on
    return found


def pace(steps: Sequence[LoggedStep], cost: CostModel) -> list[float]:
    """Of each second from the first step on, what its steps took over what they cost; without any, that of all."""
    if not steps:
        return []
    measured, expected = [0.0], [0.0]
    for step in steps:
        second = int(step.began - steps[0].began)
        while len(measured) <= second:
            measured.append(0.0)
            expected.append(0.0)
        measured[second] += step.measured.seconds
        expected[second] += cost.seconds(step.measured.step)
    whole = sum(measured) / sum(expected)
    return [round(took / asked if asked else whole, 4) for took, asked in zip(measured, expected)]
