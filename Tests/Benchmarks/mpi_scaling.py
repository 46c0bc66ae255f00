#!/usr/bin/env python3
"""Compares a run of several processes that train together with the same run in one, on the same processors.

    swift build -c release --traits MPI --scratch-path .build-mpi --product grace-trainer
    python3 Tests/Benchmarks/mpi_scaling.py --data birds.prepared -- --lora-rank 8 --batch 16 --update-batch 16

What follows `--` are options of grace-trainer train. The two take turns, `--rounds` times; both make the same steps on
the same rationales, of which the first, that warms memory up, does not count. A ratio over 1 says that several are
faster. It waits for a machine that others leave alone, and says where they did not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from quiet import Quiet

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Steps:
    """Means of the steps that count, in seconds."""

    seconds: float
    rollouts: float
    waiting: float
    communication: float


def measure(arguments: argparse.Namespace, processes: int) -> Steps:
    threads = max(1, arguments.processors // processes)
    start = ["mpirun", "--bind-to", "none", "-n", str(processes)] if processes > 1 else []
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "run"
        subprocess.run(
            [*start, arguments.trainer, "train", "--model", arguments.model, "--data", arguments.data, "--output",
             output, "--threads", str(threads), "--steps", str(arguments.steps + 1), "--held-out-examples", "0",
             "--save-every", "1000000", *arguments.options],
            check=True, stderr=subprocess.DEVNULL, env=environment)
        lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()][2:]

    def mean(name: str) -> float:
        return statistics.mean(line.get(name, 0) for line in lines)

    return Steps(mean("seconds"), mean("rollout_seconds"), mean("waiting_seconds"), mean("communication_seconds"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", default=ROOT / ".build-mpi" / "release" / "grace-trainer", help="built with MPI")
    parser.add_argument("--model", default=ROOT / "Models" / "SmolLM2-135M-Instruct")
    parser.add_argument("--data", required=True, help="what grace-trainer prepare wrote")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--processors", type=int, default=os.cpu_count(), help="that either has (%(default)s)")
    parser.add_argument("--steps", type=int, default=4, help="steps that count (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--limit", type=float, default=0.1, help="share of the machine that others may take (%(default)s)")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for that (%(default)s)")
    parser.add_argument("options", nargs="*", help="of grace-trainer train")
    arguments = parser.parse_args()
    quiet = Quiet(arguments.limit, arguments.patience)
    rounds: list[tuple[Steps, Steps]] = []
    for _ in range(arguments.rounds):
        rounds.append(quiet.measure(lambda: (measure(arguments, 1), measure(arguments, arguments.processes))))
        one, several = rounds[-1]
        print(f"{one.seconds:.2f} s, {several.seconds:.2f} s: {one.seconds / several.seconds:.2f}", file=sys.stderr)
    print("| a step | seconds | rationales | waiting | communication |\n|---|---|---|---|---|")
    for index, name in enumerate(("one process", f"{arguments.processes} processes")):
        columns = zip(*((steps.seconds, steps.rollouts, steps.waiting, steps.communication)
                        for steps in (round[index] for round in rounds)))
        print(f"| {name} | {' | '.join(f'{statistics.median(column):.3f}' for column in columns)} |")
    ratios = [one.seconds / several.seconds for one, several in rounds]
    shares = [several.communication / several.seconds for _, several in rounds]
    print(f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), "
          f"communication {statistics.median(shares):.2%} of a step; {quiet.summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
