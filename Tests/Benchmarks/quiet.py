"""Tells how much of the machine other programs took during a measurement."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
# /proc/stat's columns that are no work: idle, iowait; guest and guest_nice are counted in user and nice already.
WORK = (0, 1, 2, 5, 6, 7)


def busy_seconds() -> float:
    """Of all processors since the start of the machine, the time that a hypervisor took from it included."""
    columns = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(int(columns[index]) for index in WORK) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Processor time of this program and of those that it started and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


@dataclass
class Quiet:
    """Measures when little else computes, and keeps count of what was disturbed all the same.

    `limit` is the share of the machine, 0 to 1, that others may take.
    """

    limit: float
    patience: float
    shares: list[float] = field(default_factory=list)

    def wait(self) -> None:
        """Until a second passes in which others took no more than the limit, or patience ends."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end and others_share(lambda: time.sleep(1))[1] > self.limit:
            pass

    def measure(self, program: Callable[[], Result]) -> Result:
        """Runs a program that has ended when it returns."""
        self.wait()
        result, share = others_share(program)
        self.shares.append(share)
        if share > self.limit:
            print(f"  disturbed: others took {share:.0%} of the machine", file=sys.stderr)
        return result

    def summary(self) -> str:
        disturbed = sum(share > self.limit for share in self.shares)
        worst = max(self.shares, default=0)
        return (
            f"other programs took over {self.limit:.0%} of the machine in {disturbed} of {len(self.shares)} "
            f"measurements, {worst:.0%} at worst"
        )


def others_share(program: Callable[[], Result]) -> tuple[Result, float]:
    """What `program` returns, and the share of the machine that others took meanwhile."""
    busy, own, start = busy_seconds(), own_seconds(), time.monotonic()
    result = program()
    machine = (time.monotonic() - start) * (os.cpu_count() or 1)
    return result, max(0.0, (busy_seconds() - busy - (own_seconds() - own)) / machine)
