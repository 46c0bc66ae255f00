#!/usr/bin/env python3
"""Writes into docs/scaling.md what its commands print: after new measurements, or a change of the simulation.

    Tests/Benchmarks/capacity_points.py --name zen4-2
    Tests/Benchmarks/scaling_document.py

A command is what a block of `sh` holds; what it prints stands between that block and the next `<!-- end -->`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


def main() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    commands = [found["command"] for found in PRINTED.finditer(text)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = iter(list(pool.map(output_of, commands)))
    text = PRINTED.sub(lambda found: f"{found['command']}\n```\n\n{next(outputs)}\n<!-- end -->", text)
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
