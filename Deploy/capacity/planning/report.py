"""What is printed: tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .measured import Point, Summary
from .profile import Profile

# A simulation is near where it is off by no more.
NEAR = 0.15
TIMES = ("mean", "p50", "p99")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def seconds(value: float) -> str:
    """In milliseconds below a second."""
    return f"{1000 * value:.0f} ms" if value < 0.9995 else f"{value:.2f} s"


def lengths(values: Sequence[int]) -> str:
    return "+".join(map(str, values))


def error(simulated: float, measured: float) -> float:
    return simulated / measured - 1


def check(points: Sequence[Point], profiles: dict[str, Profile]) -> str:
    """Each point, measured and simulated, with the error of mean, median, p99 and throughput."""
    rows, errors = [], []
    for point in points:
        found = point.simulated(profiles[point.profile])
        off = [error(getattr(found, name), getattr(point.measured, name)) for name in Summary.__annotations__]
        errors.append(off)
        rows.append([
            point.name, f"{point.measured.throughput:.1f}", str(len(point.prompt_tokens)), f"{point.others_share:.0%}",
            *(f"{1000 * getattr(point.measured, name):.0f}, {1000 * getattr(found, name):.0f}" for name in TIMES),
            *(f"{value:+.0%}" for value in off),
        ])
    head = ["point", "texts/s", "texts", "others took", *(f"{name}, ms" for name in TIMES), *TIMES, "texts/s off"]
    near = {
        name: sum(abs(off[index]) <= NEAR for off in errors) for index, name in enumerate(Summary.__annotations__)
    }
    told = ", ".join(f"{name} of {count}" for name, count in near.items())
    return f"{table(head, rows)}\n\nOf {len(points)} points within {NEAR:.0%}: {told}."
