"""What a server counts, read from its /metrics."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from http_load import Client

SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


async def samples(client: Client) -> list[Sample]:
    answer = await client.send("/metrics")
    if answer.status != 200:
        raise SystemExit(f"/metrics: {answer.status}")
    return [
        Sample(match[1], dict(LABEL.findall(match[2] or "")), float(match[3]))
        for match in SAMPLE.finditer(answer.body.decode())
    ]


def requests(found: list[Sample]) -> Counter[tuple[str, int]]:
    """How many requests were counted, by route and status."""
    counts: Counter[tuple[str, int]] = Counter()
    for sample in found:
        if sample.name == "grace_http_requests_total":
            counts[sample.labels["route"], int(sample.labels["status"])] += int(sample.value)
    return +counts


def total(found: list[Sample], name: str) -> float:
    """The sum of all series of a name."""
    return sum(sample.value for sample in found if sample.name == name)


def by_status(counts: Counter[tuple[str, int]]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    for (_, status), count in counts.items():
        statuses[status] += count
    return statuses
