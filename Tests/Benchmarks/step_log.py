"""What a server did step by step, read from its log at the level `trace`."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CAPACITY = Path(__file__).resolve().parents[2] / "Deploy/capacity"
sys.path.insert(0, str(CAPACITY))

from planning.cost import IDLE, CostModel, Step  # noqa: E402
from planning.profile import MeasuredStep  # noqa: E402
from planning.refusal import Refusal  # noqa: E402
from planning.report import STEP_BOUNDS  # noqa: E402

LINE = re.compile(r"^\S+ trace \S+: step (.*)$", re.MULTILINE)
FIELD = re.compile(r"(\w+)=(\d+)")
LOST = re.compile(r"^.*: log lines were dropped .*$", re.MULTILINE)
# Steps that a profile keeps, of each range of tokens as many.
KEPT_STEPS = 150
FIELDS = {"began", "ended", "writing", "unfinished", "run", "sampled", "attended", "admitted"}


@dataclass(frozen=True)
class LoggedStep:
    """A step, when it began in seconds since the server started, and how long it took."""

    began: float
    measured: MeasuredStep


def read_steps(log: str) -> list[LoggedStep]:
    """Those of a part of a log, of one engine; before its first step the server did nothing.

    Raises Refusal where there is none, or where lines were lost: two steps would look like one.
    """
    entries = [{name: int(value) for name, value in FIELD.findall(line[1])} for line in LINE.finditer(log)]
    if lost := LOST.search(log):
        raise Refusal(f"the log has lost lines: {lost[0]}")
    # A line may be cut off where the part begins or ends.
    entries = [entry for entry in entries if FIELDS <= set(entry)]
    if not entries:
        raise Refusal("the log has no steps")
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


def kept(steps: Sequence[LoggedStep]) -> tuple[MeasuredStep, ...]:
    """All that woke threads, which are few, and of each range of tokens at most so many others, drawn by lot."""
    generator = random.Random(0)
    found = [each.measured for each in steps if each.measured.step.woken]
    for lower, bound in zip((0, *STEP_BOUNDS), STEP_BOUNDS):
        within = [
            each.measured for each in steps
            if not each.measured.step.woken and lower < each.measured.step.tokens <= bound
        ]
        found += generator.sample(within, min(KEPT_STEPS, len(within)))
    return tuple(found)
