#!/usr/bin/env python3
"""Writes into docs/scaling.md what its commands print: after new measurements, or a change of the simulation.

    Tests/Benchmarks/capacity_points.py --name zen5-2
    Tests/Benchmarks/scaling_document.py

A command is what a block of `sh` holds; what it prints stands between that block and the next `<!-- end -->`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/scaling.md"
PRINTED = re.compile(r"(?<=```sh\n)(?P<command>[^`]+?)\n```\n(?P<output>(?:(?!```).)*?)<!-- end -->", re.DOTALL)


def output_of(command: str) -> str:
    """Ends the program where the command fails."""
    done = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr.strip()}")
    return done.stdout.strip()


def written(found: re.Match[str]) -> str:
    command = found["command"]
    print(command, flush=True)
    return f"{command}\n```\n\n{output_of(command)}\n<!-- end -->"


def main() -> None:
    DOCUMENT.write_text(PRINTED.sub(written, DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
