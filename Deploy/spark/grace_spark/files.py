"""Files that are there whole or not at all.

They are written under another name and renamed, which is atomic in a POSIX file system.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

ATTEMPTS = "_attempts"


def publish(output: Path, path: Path, write_to: Callable[[Path], None]) -> bool:
    """Has a file written beside the output's files and gives it its name, whole and on the disk; says whether it did.

    A file that is there stays as it is.
    Raises OSError.
    """
    if path.exists():
        return False
    attempts = output / ATTEMPTS
    attempts.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    attempt = attempts / f"{path.name}.{uuid.uuid4().hex}"
    write_to(attempt)
    for place in (attempt, attempts):
        _sync(place)
    if path.exists():
        attempt.unlink()
        return False
    os.rename(attempt, path)
    _sync(path.parent)
    return True


def tidy(output: Path) -> None:
    """Removes what attempts that were ended have left behind."""
    shutil.rmtree(output / ATTEMPTS, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
