#!/usr/bin/env python3
"""What /explain/similarity costs over /explain of the same two texts.

    swift build -c release --product grace-server
    Tests/Benchmarks/similarity_cost.py

Rounds alternate between two requests to /explain one after the other, one request to /explain with both texts, and
/explain/similarity; each ratio is of neighbours in one round, and the median of all is printed. Nothing is kept
between them.
Exits with 1 where the comparison takes over a tenth more than both texts in one request.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import statistics
import sys
import time
import urllib.parse
from pathlib import Path

from programs import MEASURED_MODEL, Server, stop_at_signals

ROOT = Path(__file__).resolve().parent.parent.parent
SENTENCES = [
    "The river rose in the night and took the lower bridge with it.",
    "Nobody had measured its water since the mill was closed.",
    "By noon the ferry carried twice as many people as it may.",
    "The council met in the school, for the town hall stood in the flood.",
    "A new bridge, the mayor said, would have to be higher, and of steel.",
]
ALLOWED = 1.10


def ready(output: str) -> str | None:
    match = re.search(r"ready: (http://\S+),", output)
    return match[1] if match else None


class Client:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)

    def seconds(self, path: str, *bodies: dict) -> float:
        """Of these requests, one after the other."""
        start = time.perf_counter()
        for body in bodies:
            self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = self.connection.getresponse()
            answer = response.read()
            if response.status != 200:
                sys.exit(f"{path}: {response.status} {answer.decode()}")
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rationale-tokens", type=int, default=64)
    arguments = parser.parse_args()
    stop_at_signals()
    command = [str(arguments.binary), "--port", "0", "--admin-listen", "off"]
    command += ["--models", str(arguments.models), "--model", MEASURED_MODEL]
    worst = 0.0
    with Server([*command, "--cache-entries", "0"], ready) as server:
        client = Client(server.url)
        print("| sentences | spans | two requests, ms | one request, ms | compared, ms | over two | over one |")
        print("|---|---|---|---|---|---|---|")
        for repeats in (1, 6):
            texts = [" ".join(SENTENCES * repeats), " ".join(SENTENCES[::-1] * repeats)]
            options = {"max_rationale_tokens": arguments.rationale_tokens}
            singles = [{"inputs": text, **options} for text in texts]
            both = {"inputs": texts, **options}
            for granularity in ("sentences", "words", "tokens"):
                compared = {**both, "granularity": granularity}
                rounds = []
                for _ in range(arguments.rounds + 1):
                    rounds.append((
                        client.seconds("/explain", *singles), client.seconds("/explain", both),
                        client.seconds("/explain/similarity", compared)))
                # The first warms up.
                rounds = rounds[1:]
                two, one, comparison = (1000 * statistics.median(column) for column in zip(*rounds))
                over_two = statistics.median(c / a for a, _, c in rounds)
                over_one = statistics.median(c / b for _, b, c in rounds)
                worst = max(worst, over_one)
                print(f"| {5 * repeats} | {granularity} | {two:.0f} | {one:.0f} | {comparison:.0f} | "
                      f"{over_two:.3f} | {over_one:.3f} |", flush=True)
    if worst > ALLOWED:
        sys.exit(f"a comparison took {worst:.3f} times what both texts take in one request, allowed are {ALLOWED}")


if __name__ == "__main__":
    main()
