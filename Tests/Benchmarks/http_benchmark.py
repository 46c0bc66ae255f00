#!/usr/bin/env python3
"""Measures a server over HTTP and prints the table of docs/benchmarks.md.

    swift build -c release --product grace-server
    Tests/Benchmarks/http_benchmark.py --server float32 --server bfloat16 --server float32,OPENBLAS_CORETYPE=Haswell

Each --server starts one, with that --precision and with the variables after it; those that choose kernels are unset
otherwise.
The rounds of the servers alternate, so that a noisy moment of the machine meets all of them; a server that is not being
measured is idle. Every number is given as best and median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from programs import MEASURED_MODEL

ROOT = Path(__file__).resolve().parent.parent.parent
LONG_TEXT = "The river bends twice before it reaches the old mill, and the road follows it. " * 200
SHORT_TEXT = "Machu Picchu is a 15th-century Inca citadel located in southern Peru, at 2,430 m."
DECODED_TOKENS = 32
CONCURRENT_TEXTS = (1, 8, 32)


@dataclass
class Answer:
    seconds: float
    compute_tokens: int
    rationale_tokens: int

CHOOSING_KERNELS = ["OPENBLAS_CORETYPE", "GRACE_KERNELS"]


class Server:
    """One running grace-server."""

    def __init__(self, binary: Path, models: Path, variant: str) -> None:
        precision, *variables = variant.split(",")
        environment = {name: value for name, value in os.environ.items() if name not in CHOOSING_KERNELS}
        environment.update(variable.split("=", 1) for variable in variables)
        command = [str(binary), "--port", "0", "--admin-listen", "off"]
        command += ["--models", str(models), "--model", MEASURED_MODEL]
        command += ["--precision", precision, "--cache-entries", "0"]  # The same texts come again and again.
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline().strip()
        match = re.search(r"ready: (http://\S+), .*loaded in ([0-9.]+) s", self.ready_line)
        if match is None:
            raise SystemExit(f"{binary} did not start")
        self.url, self.load_seconds = match[1], float(match[2])

    def embed(self, texts: list[str], max_rationale_tokens: int) -> Answer:
        body = {"inputs": texts, "max_rationale_tokens": max_rationale_tokens}
        request = urllib.request.Request(
            f"{self.url}/embed", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        start = time.perf_counter()
        with urllib.request.urlopen(request) as response:
            response.read()
            headers = response.headers
        seconds = time.perf_counter() - start
        return Answer(seconds, int(headers["x-compute-tokens"]), int(headers["x-rationale-tokens"]))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@dataclass
class Measurements:
    """What is measured of one server, a list of values for each row of the table."""

    higher_is_better: dict[str, bool] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: str, value: float, higher_is_better: bool) -> None:
        self.higher_is_better[row] = higher_is_better
        self.values.setdefault(row, []).append(value)

    def cell(self, row: str) -> str:
        values = self.values[row]
        best = max(values) if self.higher_is_better[row] else min(values)
        digits = 2 if best < 10 else 0
        return f"{best:.{digits}f} / {statistics.median(values):.{digits}f}"


def measure_load(binary: Path, models: Path, variant: str, into: Measurements) -> None:
    server = Server(binary, models, variant)
    into.add("load, s", server.load_seconds, higher_is_better=False)
    server.embed([SHORT_TEXT], 0)
    server.stop()


def measure_requests(server: Server, into: Measurements) -> None:
    prompt = server.embed([LONG_TEXT], 0)
    into.add(f"prefill of a prompt of {prompt.compute_tokens}, tokens/s", prompt.compute_tokens / prompt.seconds, True)
    for count in CONCURRENT_TEXTS:
        texts = [f"{SHORT_TEXT} Note {index}." for index in range(count)]
        # What a request takes without a rationale is no part of writing one.
        without = server.embed(texts, 0)
        answer = server.embed(texts, DECODED_TOKENS)
        seconds = answer.seconds - without.seconds
        into.add(f"decode, batch of {count}, tokens/s", answer.rationale_tokens / seconds, True)
    into.add("/embed of one sentence, no rationale, ms", 1000 * server.embed([SHORT_TEXT], 0).seconds, False)
    answer = server.embed([SHORT_TEXT], 64)
    # Precisions may write rationales of other lengths.
    milliseconds = 1000 * answer.seconds / answer.rationale_tokens
    into.add("/embed of one sentence, for each rationale token, ms", milliseconds, False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", metavar="PRECISION[,NAME=VALUE…]", help="(float32)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    arguments = parser.parse_args()
    names: list[str] = arguments.server or ["float32"]
    results = {name: Measurements() for name in names}
    for _ in range(arguments.rounds):
        for name in names:
            measure_load(arguments.binary, arguments.models, name, results[name])
    servers = {name: Server(arguments.binary, arguments.models, name) for name in names}
    try:
        for server in servers.values():
            server.embed([LONG_TEXT] * 2, 1)
        for _ in range(arguments.rounds):
            for name in names:
                measure_requests(servers[name], results[name])
    finally:
        for server in servers.values():
            server.stop()
    for server in servers.values():
        print(server.ready_line)
    print("\n| best / median of", arguments.rounds, "rounds |", " | ".join(names), "|")
    print("|---" * (1 + len(names)) + "|")
    for row in results[names[0]].values:
        print(f"| {row} |", " | ".join(results[name].cell(row) for name in names), "|")


if __name__ == "__main__":
    main()
