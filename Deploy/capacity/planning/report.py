"""What is printed: tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .cost import FEATURES
from .measured import Point, Summary, fitted_seconds
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


def fit(profile: Profile) -> str:
    """The costs, and each batch that they are fitted to, measured and fitted."""
    costs = [(name, f"{1e6 * value:.2f}") for name, value in zip(FEATURES, profile.cost.coefficients)]
    costs.append(("request, beside the steps", f"{1e6 * profile.cost.request_seconds:.2f}"))
    rows = []
    for batch, found in zip(profile.batches, fitted_seconds(profile)):
        count = len(batch.prompt_tokens)
        cells = str(count), f"{sum(batch.prompt_tokens) / count:.0f}", str(max(batch.rationale_tokens))
        times = f"{1000 * batch.seconds:.1f}", f"{1000 * found:.1f}", f"{error(found, batch.seconds):+.0%}"
        rows.append([*cells, *times])
    head = ["texts", "tokens of a prompt", "of a rationale", "measured, ms", "fitted, ms", "off"]
    return f"{table(['cost', 'microseconds'], costs)}\n\n{table(head, rows)}"


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
