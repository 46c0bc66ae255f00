"""What is measured of answers and of processes."""

from __future__ import annotations

import os
import statistics
from pathlib import Path


def resident_megabytes(process: int) -> float:
    """The memory that a process has in RAM; 0 once it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0


def descriptors(process: int) -> int:
    """The files and sockets that a process has open; 0 once it is gone."""
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def growth(values: list[float]) -> float:
    """The median of the last fifth over that of the first, less 1: 0 where nothing grows."""
    fifth = max(1, len(values) // 5)
    first = statistics.median(values[:fifth]) if values else 0
    return statistics.median(values[-fifth:]) / first - 1 if first else 0


def opened(process: int) -> list[str]:
    """What these files and sockets are."""
    names = []
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            names.append(f"{entry.name} {os.readlink(entry)}")
        except OSError:
            continue
    return names
