#!/usr/bin/env python3
"""Measures grace-server side by side with what else embeds by way of a rationale, and prints tables of the speeds.

    swift build -c release --product grace-server
    Tests/Benchmarks/peer_benchmark.py --llama DIRECTORY --llama-model bf16=FILE --llama-model q8_0=FILE … \\
        --texts FILE [--texts FILE …] [--transformers DIRECTORY --python PYTHON]

It needs llama.cpp's `llama-batched-bench` and `llama-server` in DIRECTORY, and the model of grace-server as GGUF files
in the number formats that may serve llama.cpp best. The table gives llama.cpp's best format in each row.

1. The engines, no HTTP: 64 prompts' tokens and 64 rationale tokens for each of so many texts at once, by
   `grace-server benchmark` and `llama-batched-bench`. Left out with a note if the program has no such command.
2. The whole job over HTTP with the texts of --texts: a greedy rationale of at most 64 tokens, and the mean of the
   hidden states. grace-server does it in one pass. llama.cpp runs its two phases in turn, each in its best format with the
   whole machine: all generations, by a server with a slot for each client, continuous batching and its cache of
   prompts; then the embeddings of all prompts with their rationales by a second server. Its seconds are the sum.
   transformers, if asked for, generates in batches, then runs the finished texts through the model once more.

Rounds alternate: one round measures every program once, every other round in the opposite order. Each measurement over
HTTP starts a server of its own, so that nobody finds a text in a cache. Best and median of the rounds are given; ratios
are of the bests. Before each measurement the script waits until others take no more than --others percent of the
machine, for --patience seconds at most, and it says how many measurements were disturbed: that slows everybody, but
threads that wait for each other most.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from peers import EngineSpeed, Grace, LlamaCpp, Transformers
from programs import MEASURED_MODEL, stop_at_signals
from quiet import Quiet
from texts import read_texts

ROOT = Path(__file__).resolve().parent.parent.parent
TRANSFORMERS_FORMATS = ["float32", "bfloat16"]
ENGINE_ROWS = {"prefill": "prefill, tokens/s", "decode": "decode, tokens/s"}


class Speeds:
    """What the rounds measured: speeds of one row, one column, one entry a round."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, int, str], list[float]] = {}

    def add(self, row: str, concurrency: int, column: str, value: float) -> None:
        self.values.setdefault((row, concurrency, column), []).append(value)
        print(f"  {row} at {concurrency}, {column}: {value:.2f}", file=sys.stderr)

    def best(self, row: str, concurrency: int, column: str) -> float:
        """0 if nothing was measured."""
        return max(self.values.get((row, concurrency, column), [0]))

    def median(self, row: str, concurrency: int, column: str) -> float:
        """0 if nothing was measured."""
        return statistics.median(self.values.get((row, concurrency, column), [0]))

    def cell(self, row: str, concurrency: int, column: str) -> str:
        best = self.best(row, concurrency, column)
        return "–" if best == 0 else f"{number(best)} / {number(self.median(row, concurrency, column))}"

    def best_column(self, row: str, concurrency: int, columns: list[str]) -> str:
        return max(columns, key=lambda name: self.best(row, concurrency, name))


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def one_after_the_other(speeds: list[float]) -> float:
    return 1 / sum(1 / speed for speed in speeds)


def ratio(ours: float, theirs: float) -> str:
    return f"**{ours / theirs:.2f}**" if ours and theirs else "–"


class Benchmark:
    """All measurements, each as a function that a round calls once."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.speeds = Speeds()
        self.quiet = Quiet(arguments.others / 100, arguments.patience)
        self.tokens: dict[tuple[int, str], float] = {}
        self.graces = {
            name or "grace-server": Grace(
                arguments.binary,
                [
                    "--models", str(arguments.models), "--model", MEASURED_MODEL,
                    *(["--precision", name] if name else []),
                ],
                arguments.server_option,
            )
            for name in (arguments.precision or [""])
        }
        self.llama = LlamaCpp(
            arguments.llama, dict(arguments.llama_model), arguments.threads, arguments.llama_option
        )
        self.formats = list(self.llama.models)
        self.info = next(iter(self.graces.values())).info()

    # The engines.

    def engine_measurements(self) -> list[Callable[[], None]]:
        concurrency = self.arguments.concurrency
        graces = dict(self.graces)
        if not any(grace.offers("benchmark") for grace in graces.values()):
            print("grace-server has no command `benchmark`: its columns stay empty", file=sys.stderr)
            graces = {}
        engines = [(name, partial(grace.engine, concurrency)) for name, grace in graces.items()]
        engines += [(name, partial(self.llama.engine, name, concurrency)) for name in self.formats]
        return [partial(self.measure_engine, name, engine) for name, engine in engines]

    def measure_engine(self, column: str, engine: Callable[[], dict[int, EngineSpeed]]) -> None:
        for concurrency, speed in engine().items():
            for row in ENGINE_ROWS:
                self.speeds.add(row, concurrency, column, getattr(speed, row))

    def print_engine(self) -> None:
        columns = self.formats + list(self.graces)
        print(f"\n| best / median of {self.arguments.rounds} rounds | at once |", " | ".join(columns), end=" |")
        print("".join(f" {name} ÷ best llama.cpp |" for name in self.graces))
        print("|---" * (2 + len(columns) + len(self.graces)) + "|")
        for row, title in ENGINE_ROWS.items():
            for concurrency in self.arguments.concurrency:
                cells = [self.speeds.cell(row, concurrency, column) for column in columns]
                theirs = max(self.speeds.best(row, concurrency, name) for name in self.formats)
                cells += [ratio(self.speeds.best(row, concurrency, name), theirs) for name in self.graces]
                print(f"| {title} | {concurrency} |", " | ".join(cells), "|")

    # The whole job.

    def job_measurements(self, texts: list[str]) -> list[Callable[[], None]]:
        result: list[Callable[[], None]] = []
        for concurrency in self.arguments.concurrency:
            count = max(self.arguments.texts_at_least, self.arguments.texts_per_client * concurrency)
            if len(texts) < count + concurrency:
                raise SystemExit(f"{count + concurrency} distinct texts are needed, --texts have {len(texts)}")
            warm_up, job = texts[:concurrency], texts[concurrency : concurrency + count]
            for name, grace in self.graces.items():
                result.append(partial(self.measure_grace, name, grace, job, warm_up, concurrency))
            for name in self.formats:
                result.append(partial(self.measure_llama, name, job, warm_up, concurrency))
            if self.arguments.transformers and concurrency in self.arguments.transformers_batch:
                for name in TRANSFORMERS_FORMATS:
                    result.append(partial(self.measure_transformers, name, job, concurrency))
        return result

    def measure_grace(self, name: str, grace: Grace, texts: list[str], warm_up: list[str], concurrency: int) -> None:
        time = grace.job(texts, warm_up, concurrency)
        self.tokens[concurrency, name] = time.rationale_tokens
        self.speeds.add("job", concurrency, name, len(texts) / time.generation)

    def measure_llama(self, name: str, texts: list[str], warm_up: list[str], concurrency: int) -> None:
        seconds, finished, tokens = self.llama.generation(
            name, self.info["system_prompt"], texts, warm_up, concurrency
        )
        self.tokens[concurrency, name] = tokens
        self.speeds.add("generation", concurrency, name, len(texts) / seconds)
        seconds = self.llama.pooling(name, finished, concurrency, self.info["dimensions"])
        self.speeds.add("pooling", concurrency, name, len(texts) / seconds)

    def measure_transformers(self, name: str, texts: list[str], concurrency: int) -> None:
        arguments = self.arguments
        peer = Transformers(arguments.python, arguments.transformers, arguments.threads)
        texts = texts[: arguments.transformers_texts]
        time = peer.job(name, self.info["system_prompt"], texts, concurrency)
        self.tokens[concurrency, name] = time.rationale_tokens
        self.speeds.add("transformers", concurrency, name, len(texts) / (time.generation + time.pooling))

    def print_job(self) -> None:
        names = list(self.graces)
        heads = ["llama.cpp generating", "llama.cpp pooling", "llama.cpp, both", "transformers", *names]
        print(f"\n| texts/s, best / median of {self.arguments.rounds} rounds |", " | ".join(heads), end=" |")
        print("".join(f" {name} ÷ best peer |" for name in names))
        print("|---" * (1 + len(heads) + len(names)) + "|")
        for concurrency in self.arguments.concurrency:
            cells, bests, medians = [], [], []
            for row in ("generation", "pooling"):
                column = self.speeds.best_column(row, concurrency, self.formats)
                cells.append(f"{self.speeds.cell(row, concurrency, column)} ({column})")
                bests.append(self.speeds.best(row, concurrency, column))
                medians.append(self.speeds.median(row, concurrency, column))
            both = one_after_the_other(bests)
            cells.append(f"{number(both)} / {number(one_after_the_other(medians))}")
            column = self.speeds.best_column("transformers", concurrency, TRANSFORMERS_FORMATS)
            cell = self.speeds.cell("transformers", concurrency, column)
            cells.append(cell if cell == "–" else f"{cell} ({column})")
            rival = max(both, self.speeds.best("transformers", concurrency, column))
            cells += [self.speeds.cell("job", concurrency, name) for name in names]
            cells += [ratio(self.speeds.best("job", concurrency, name), rival) for name in names]
            print(f"| {concurrency} at once |", " | ".join(cells), "|")
        print("\nMean rationale, tokens:", end=" ")
        print(", ".join(f"{name} at {count}: {tokens:.1f}" for (count, name), tokens in sorted(self.tokens.items())))

    # All of it.

    def run(self) -> None:
        measurements: list[Callable[[], None]] = []
        if "engine" in self.arguments.part:
            measurements += self.engine_measurements()
        if "job" in self.arguments.part:
            measurements += self.job_measurements(read_texts(self.arguments.texts, self.arguments.longest))
        for index in range(self.arguments.rounds):
            print(f"round {index + 1}", file=sys.stderr)
            for measure in measurements if index % 2 == 0 else reversed(measurements):
                self.quiet.measure(measure)
        self.print_conditions()
        if "engine" in self.arguments.part:
            self.print_engine()
        if "job" in self.arguments.part:
            self.print_job()

    def print_conditions(self) -> None:
        commit = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True
        ).stdout.strip()
        print(f"- Machine: {processor()}, {os.cpu_count()} processors, {self.quiet.summary()}")
        print(f"- grace-server: commit `{commit}`, {self.info['checkpoint']}, {self.info['compute']}")
        print(f"- llama.cpp: {self.llama.system_info()}")
        print(f"- Command: `{' '.join([Path(sys.argv[0]).name, *sys.argv[1:]])}`")


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def format_and_path(argument: str) -> tuple[str, Path]:
    name, equals, path = argument.partition("=")
    if not equals or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{argument} is not FORMAT=FILE of a file that is there")
    return name, Path(path)


def whole_numbers(argument: str) -> list[int]:
    return [int(part) for part in argument.split(",")]


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--precision", action="append", help="a column for each (the server's default)")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to a grace-server that serves")
    parser.add_argument("--llama", type=Path, required=True, help="the directory of llama.cpp's programs")
    parser.add_argument("--llama-model", type=format_and_path, action="append", required=True, metavar="FORMAT=FILE")
    parser.add_argument("--llama-option", action="append", default=[], help="passed on to llama.cpp's programs")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the peers (%(default)s)")
    parser.add_argument("--concurrency", type=whole_numbers, default=[1, 8, 32, 64], help="(1,8,32,64)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--others", type=float, default=10, help="percent of the machine (%(default)s)")
    parser.add_argument("--patience", type=float, default=60, help="seconds before a measurement (%(default)s)")
    parser.add_argument("--part", action="append", choices=["engine", "job"], help="(both)")
    parser.add_argument("--texts", type=Path, action="append", default=[], help=".jsonl, or a text in each line")
    parser.add_argument("--longest", type=int, default=2000, help="characters of a text (%(default)s)")
    parser.add_argument("--texts-per-client", type=int, default=3, help="in one measurement (%(default)s)")
    parser.add_argument("--texts-at-least", type=int, default=8, help="in one measurement (%(default)s)")
    parser.add_argument("--transformers", type=Path, metavar="DIRECTORY", help="measure it, with this HF checkpoint")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="one that has torch and transformers")
    parser.add_argument("--transformers-batch", type=whole_numbers, default=[1, 32], help="(1,32)")
    parser.add_argument("--transformers-texts", type=int, default=32, help="at most, in one measurement (%(default)s)")
    arguments = parser.parse_args()
    arguments.part = arguments.part or ["engine", "job"]
    if "job" in arguments.part and not arguments.texts:
        parser.error("the whole job needs --texts")
    return arguments


if __name__ == "__main__":
    stop_at_signals()
    Benchmark(parsed_arguments()).run()
