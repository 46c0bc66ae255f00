"""Processes by /proc: what a job has started, and what is left of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60


def until(holds: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether something holds before patience ends, in seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def _fields(process: int) -> list[str] | None:
    """State, parent and so on (proc_pid_stat(5)); none of what has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields


def is_running(process: int) -> bool:
    return _fields(process) is not None


def parent(process: int) -> int:
    """Of a process that has ended, 0."""
    fields = _fields(process)
    return int(fields[1]) if fields else 0


def command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def running() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and is_running(int(path.name))]


def below(ancestor: int) -> list[int]:
    """A process and all that it has started, and these, and so on."""
    parents = {process: parent(process) for process in running()}
    found = [ancestor] if ancestor in parents else []
    for process in found:
        found += [child for child, of in parents.items() if of == process]
    return found


def named(words: str, among: list[int] | None = None) -> list[int]:
    """Those whose command has these words."""
    return [process for process in (running() if among is None else among) if words in command(process)]
