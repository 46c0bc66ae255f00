#!/usr/bin/env python3
"""How much memory grace-trainer prepare takes: it must not grow with the input, but for the digests of its examples.

    python3 Tests/Benchmarks/prepare_memory.py --binary .build/release/grace-trainer --model Models/SmolLM2-135M-Instruct

Streams texts into a pipe that the program reads, in two sizes, with few long examples and with many short ones, and
prints the most memory that was resident. Exits with 1 where an input of ten times the size, in as many examples, takes
more than 32 MiB more.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

MEBIBYTE = 1 << 20
ALLOWED_GROWTH = 32 * MEBIBYTE
WORDS = [a + b for a in ("lam", "ket", "bri", "har", "vio", "mea", "com", "lad") for b in ("p", "tle", "dge", "bour")]


def write(pipe: int, size: int, line_size: int) -> None:
    """Lines of random words, `size` bytes in all; as many as fit."""
    generator = random.Random(1)
    paragraph = " ".join(generator.choices(WORDS, k=200_000))
    written = number = 0
    with os.fdopen(pipe, "wb", buffering=MEBIBYTE) as stream:
        while written < size:
            start = generator.randrange(len(paragraph) - line_size)
            line = json.dumps({"text": f"{number} {paragraph[start:start + line_size]}"}).encode() + b"\n"
            stream.write(line)
            written += len(line)
            number += 1


def peak(arguments: argparse.Namespace, size: int, line_size: int, limit: int) -> int:
    """The most resident bytes of the program as it prepares so many bytes."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as directory:
        command = [str(arguments.binary), "prepare", "/dev/stdin", "--format", "texts", "--model", str(arguments.model)]
        command += ["--output", f"{directory}/prepared", "--max-prompt-tokens", str(limit), "--threads", "2"]
        program = subprocess.Popen(command, stdin=reading, stdout=subprocess.PIPE, text=True)
        os.close(reading)
        writer = threading.Thread(target=write, args=(writing, size, line_size))
        writer.start()
        output = program.stdout.read()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        writer.join()
        if program.returncode != 0:
            sys.exit(f"the program ended with {program.returncode}")
        kept = next(line for line in output.splitlines() if line.startswith("kept"))
        resident = usage.ru_maxrss * 1024
        print(f"{size / MEBIBYTE:6.0f} MiB, lines of {line_size:7}: {resident / MEBIBYTE:5.0f} MiB resident; {kept}")
        return resident


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--mebibytes", type=int, default=200)
    arguments = parser.parse_args()
    large = arguments.mebibytes * MEBIBYTE
    # As many examples each, so that only the bytes differ.
    small = peak(arguments, large // 10, 1_000, 1_000_000)
    grown = peak(arguments, large, 10_000, 1_000_000)
    peak(arguments, large // 10, 100, 1_000_000)
    if grown - small > ALLOWED_GROWTH:
        sys.exit(f"ten times the bytes took {(grown - small) / MEBIBYTE:.0f} MiB more")


if __name__ == "__main__":
    main()
