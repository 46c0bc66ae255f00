#!/usr/bin/env python3
"""What the job of Deploy/spark embeds on this machine, over what the same cores embed without Spark.

    swift build -c release --product grace-server
    python3 Tests/SparkTests/run.py
    .build-spark/bin/python Tests/Benchmarks/spark_throughput.py

Rounds alternate between `grace-server embed` and the job on two executors of one core each; a ratio is of the two of
one round, and the median of all is told. The time of `grace-server embed` is that of the whole process.
That of the job is from the first row that is read for embedding to the last file; what Spark takes before and after it
is told apart.
Exits with 1 where the job embeds less than nine tenths.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs import environment, stop_at_signals
from quiet import Quiet
from spark_cluster import cluster_command

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = "river bridge ferry council winter market copper garden letter violin harbour window paper signal".split()
ALLOWED = 0.9
CHUNKS = 20
# Of <sys/prctl.h>.
PR_SET_CHILD_SUBREAPER = 36


def write_texts(path: Path, count: int, words: int) -> None:
    """So many texts of so many words, no two of them equal."""
    drawn = random.Random(1)
    with path.open("w") as file:
        for number in range(count):
            text = f"{' '.join(drawn.choices(WORDS, k=words))} {number}"
            file.write(json.dumps({"id": number, "text": text}) + "\n")


def run(command: list[object], **variables: str) -> tuple[float, str]:
    """How long a program took, in seconds, and what it printed last."""
    start = time.perf_counter()
    done = subprocess.run(list(map(str, command)), env={**environment(), **variables}, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return seconds, (done.stdout.strip().splitlines() or [""])[-1]


def wait_for_orphans() -> None:
    """Until the job's server has ended, whose parents ended before: so that its time is over, and counted as ours."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def alone(arguments: argparse.Namespace, texts: Path, directory: Path) -> float:
    command = [arguments.binary, "embed", texts, "--models", arguments.models, "--quiet", "--cache-entries", 0,
               "--max-rationale-tokens", arguments.rationale_tokens, "--output", directory / "vectors.npy"]
    return run(command)[0]


def on_spark(arguments: argparse.Namespace, texts: Path, directory: Path) -> tuple[float, float]:
    """How long the job took, and what Spark's own start and end took."""
    job = ["--input", texts, "--output", directory / "output", "--server", arguments.binary,
           "--models", arguments.models, "--max-rationale-tokens", arguments.rationale_tokens,
           "--requests", arguments.requests, "--server-per", arguments.server_per,
           # So that both executors have something to do until the end.
           "--chunk-rows", max(1, arguments.texts // CHUNKS),
           "--server-options", f"--cache-entries 0 {arguments.server_options}"]
    command, variables = cluster_command(directory, job)
    seconds, printed = run(command, **variables)
    wait_for_orphans()
    took = json.loads(printed)["seconds"]
    return took, seconds - took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=8)
    parser.add_argument("--rationale-tokens", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=2)
    parser.add_argument("--server-per", choices=("host", "executor"), default="host")
    parser.add_argument("--server-options", default="", help="of the job's server alone, such as --threads 1")
    parser.add_argument("--quiet-limit", type=float, default=0.05, help="the share of the machine that others may take")
    parser.add_argument("--patience", type=float, default=0, help="seconds to wait for that before each measurement")
    arguments = parser.parse_args()
    stop_at_signals()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    quiet = Quiet(arguments.quiet_limit, arguments.patience)
    ratios = []
    print("| round | without Spark, texts/s | on Spark, texts/s | ratio | Spark's start and end, s |")
    print("|---|---|---|---|---|")
    for number in range(1, arguments.rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            texts = directory / "texts.jsonl"
            write_texts(texts, arguments.texts, arguments.words)
            without = quiet.measure(lambda: alone(arguments, texts, directory))
            took, around = quiet.measure(lambda: on_spark(arguments, texts, directory))
        ratios.append(without / took)
        print(f"| {number} | {arguments.texts / without:.1f} | {arguments.texts / took:.1f} | {ratios[-1]:.3f} | "
              f"{around:.1f} |", flush=True)
    ratio = statistics.median(ratios)
    print(f"ratio {ratio:.3f} (median); {quiet.summary()}")
    if ratio < ALLOWED:
        sys.exit(f"the job embedded {ratio:.3f} of what the same cores embed without Spark, {ALLOWED} is wanted")


if __name__ == "__main__":
    main()
