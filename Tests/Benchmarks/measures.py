"""What is measured of answers and of processes."""

from __future__ import annotations

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
