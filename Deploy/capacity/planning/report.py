"""What is printed: tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .cost import FEATURES
from .measured import Point, Summary
from .profile import Profile
from .study import percentile

# A simulation is near where it is off by no more.
NEAR = 0.15
TIMES = ("mean", "p50", "p99")
# Tokens of a step, where a range of like steps ends.
STEP_BOUNDS = (1, 4, 8, 16, 32, 64, 128, 256)


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
    """The costs, and the steps that they are fitted to: by their tokens, and whether texts joined."""
    costs = [(name, f"{1e6 * value:.2f}") for name, value in zip(FEATURES, profile.cost.coefficients)]
    costs.append(("request, beside the steps", f"{1e6 * profile.cost.request_seconds:.2f}"))
    kinds: dict[tuple[int, bool], list[tuple[float, float]]] = {}
    for each in profile.steps:
        bound = next((bound for bound in STEP_BOUNDS if each.step.tokens <= bound), each.step.tokens)
        pair = each.seconds, profile.cost.seconds(each.step)
        kinds.setdefault((bound, each.step.joined > 0), []).append(pair)
    rows = []
    for (bound, joined), pairs in sorted(kinds.items()):
        measured, found = (sum(column) / len(pairs) for column in zip(*pairs))
        errors = [error(after, before) for before, after in pairs]
        spread = f"{percentile(errors, 0.1):+.0%} to {percentile(errors, 0.9):+.0%}"
        times = f"{1000 * measured:.1f}", f"{1000 * found:.1f}", f"{percentile(errors, 0.5):+.0%}", spread
        rows.append([str(bound), "yes" if joined else "no", str(len(pairs)), *times])
    head = ["tokens, at most", "texts joined", "steps", "measured, ms", "fitted, ms", "off", "four fifths are off"]
    return f"{table(['cost', 'microseconds'], costs)}\n\n{table(head, rows)}"


def check(points: Sequence[Point], profiles: dict[str, Profile]) -> str:
    """Each point, measured and simulated, with the error of mean, median, p99 and throughput."""
    rows, errors, unpaced = [], [], []
    for point in points:
        found = point.simulated(profiles[point.profile])
        off = errors_of(found, point)
        errors.append(off)
        unpaced.append(errors_of(point.simulated(profiles[point.profile], at_its_pace=False), point))
        rows.append([
            point.name, f"{point.measured.throughput:.1f}", str(len(point.prompt_tokens)), f"{point.mean_pace:.2f}",
            *(f"{1000 * getattr(point.measured, name):.0f}, {1000 * getattr(found, name):.0f}" for name in TIMES),
            *(f"{value:+.0%}" for value in off),
        ])
    head = ["point", "texts/s", "texts", "pace", *(f"{name}, ms" for name in TIMES), *TIMES, "texts/s off"]
    told = f"Of {len(points)} points within {NEAR:.0%}: {near(errors)}."
    return f"{table(head, rows)}\n\n{told} Without their pace: {near(unpaced)}."


def errors_of(found: Summary, point: Point) -> list[float]:
    return [error(getattr(found, name), getattr(point.measured, name)) for name in Summary.__annotations__]


def near(errors: Sequence[Sequence[float]]) -> str:
    """Of each number, how many are near."""
    counts = (sum(abs(off) <= NEAR for off in column) for column in zip(*errors))
    return ", ".join(f"{name} of {count}" for name, count in zip(Summary.__annotations__, counts))
