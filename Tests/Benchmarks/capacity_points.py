#!/usr/bin/env python3
"""Measures what Deploy/capacity/simulate computes with, and what it is checked against.

    swift build -c release --product grace-server
    Tests/Benchmarks/capacity_points.py --name zen4-2
    Deploy/capacity/simulate check zen4-2

For each precision first a profile: texts one by one, to see how many guesses are right, and clients that wait for
their answers, with texts of all lengths, whose steps, read from the server's log, the costs are fitted to. Then
points that the fit has not seen: texts that come at random, at shares of what is possible, and clients. What is in the
files already is not measured again: a run that was ended goes on, one that was disturbed (--others) fills up.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import http_load
from capacity_plan import (
    GUESSED_LENGTHS, GUESSED_TEXTS, LOAD_RATIONALES, LOAD_WORDS, LOADS, PLANS, PRECISIONS, Plan, Prose,
)
from programs import Server, grace_server, stop_at_signals
from quiet import busy_seconds, own_seconds
from server_metrics import Sample, samples, total
from step_log import CAPACITY, LoggedStep, kept, pace, read_steps

ROOT = Path(__file__).resolve().parents[2]
from planning.cost import FEATURES, CostModel  # noqa: E402
from planning.load import arrivals  # noqa: E402
from planning.measured import Point, Summary, fitted, read_points, write_points  # noqa: E402
from planning.profile import Guesses, Profile  # noqa: E402
from planning.refusal import Refusal  # noqa: E402
from planning.study import capacity  # noqa: E402

Result = TypeVar("Result")
MODEL = "grace-smollm2-135m"
# Until the lines of the last steps are in the log.
LOG_SECONDS = 0.5


def others_share(server: Server, program: Callable[[], Result]) -> tuple[Result, float]:
    """What `program` returns, and the share of the machine that neither it nor the server took."""

    def seconds() -> float:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return own_seconds() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    busy, ours, start = busy_seconds(), seconds(), time.monotonic()
    result = program()
    machine = (time.monotonic() - start) * (os.cpu_count() or 1)
    return result, max(0.0, (busy_seconds() - busy - (seconds() - ours)) / machine)


def ask(server: Server, path: str, body: object) -> http_load.Answer:
    return http_load.run(server.address, path, [body], 1).answers[0]


def token_lists(server: Server, texts: list[str]) -> list[list[int]]:
    """The tokens of their whole prompts."""
    return [
        [token["id"] for token in ask(server, "/tokenize", {"inputs": text}).json()[0]] for text in texts
    ]


def spent(server: Server, *parts: str) -> float:
    """Seconds of all requests so far in these parts of their way."""

    async def scrape() -> list[Sample]:
        client = http_load.Client(server.address)
        found = await samples(client)
        client.close()
        return found

    found = asyncio.run(scrape())
    return sum(total(found, f"te_request_{part}_duration_sum") for part in parts)


def steps_of(server: Server, program: Callable[[], Result]) -> tuple[Result, list[LoggedStep]]:
    """What `program` returns, and the steps that the server ran meanwhile."""
    time.sleep(LOG_SECONDS)
    before = len(server.printed())
    result = program()
    time.sleep(LOG_SECONDS)
    return result, read_steps(server.printed()[before:])


def embed_bodies(prose: Prose, words: Sequence[int], rationale_tokens: Sequence[int], count: int) -> list[dict]:
    """So many requests, each of one text with one of these lengths."""
    return [
        {
            "inputs": prose.text(prose.generator.choice(words)),
            "max_rationale_tokens": prose.generator.choice(rationale_tokens),
        }
        for _ in range(count)
    ]


def measure_loads(server: Server, prose: Prose) -> tuple[list[LoggedStep], float]:
    """The steps under each load, and the seconds of a request in neither queue nor batch, on average."""
    steps: list[LoggedStep] = []
    latencies, inside = [], 0.0
    for clients, count in LOADS:
        bodies = embed_bodies(prose, LOAD_WORDS, LOAD_RATIONALES, count)
        before = spent(server, "queue", "inference")
        done, found = steps_of(server, lambda: http_load.run(server.address, "/embed", bodies, clients))
        inside += spent(server, "queue", "inference") - before
        latencies += [answer.seconds for answer in done.answers]
        steps += found
    return steps, max(0.0, (sum(latencies) - inside) / len(latencies))


def measure_guesses(server: Server, prose: Prose) -> list[Guesses]:
    """Of texts one by one."""
    found = []
    for rationale in GUESSED_LENGTHS:
        for _ in range(GUESSED_TEXTS):
            body = {"inputs": prose.text(prose.generator.choice((30, 120))), "max_rationale_tokens": rationale}
            headers = ask(server, "/embed", body).headers
            counts = (int(headers[f"x-{name}-tokens"]) for name in ("rationale", "drafted", "accepted"))
            found.append(Guesses(*counts))
    return found


def make_profile(arguments: argparse.Namespace, precision: str) -> Profile:
    prose = Prose(f"profile {precision}")
    with grace_server(arguments.binary, options(arguments, precision)) as server:
        info = http_load.get(server.address, "/info")
        texts = [prose.text(words) for words in LOAD_WORDS for _ in range(20)]
        lists = token_lists(server, texts)
        prefix = len(os.path.commonprefix(lists))
        template = len(token_lists(server, ["a"])[0]) - prefix - 1
        words = sum(20 * words for words in LOAD_WORDS)
        tokens = sum(len(each) - prefix - template for each in lists)
        guesses, guesses_share = others_share(server, lambda: measure_guesses(server, prose))
        (steps, outside), share = others_share(server, lambda: measure_loads(server, prose))
    command = f"Tests/Benchmarks/capacity_points.py --name {arguments.name}"
    command += f" --threads {arguments.threads}" if arguments.threads else ""
    profile = Profile(
        name=f"{arguments.name}-{precision}", machine=machine(), commit=commit(), command=command,
        model=info["checkpoint"], precision=precision, threads=info["threads"],
        others_share=round(max(share, guesses_share), 3), prefix_tokens=prefix, template_tokens=template,
        tokens_per_word=round(tokens / words, 4), cost=CostModel((0.0,) * len(FEATURES), outside),
        guesses=tuple(guesses), steps=kept(steps))
    return replace(profile, cost=fitted(profile))


def measure_point(server: Server, plan: Plan, profile: Profile, seconds: float) -> Point:
    """One run of a plan, and what the server said of its texts."""
    possible = capacity(profile, plan.words, plan.rationale_tokens)
    rate = round(plan.share * possible, 2)
    seed = random.Random(f"{profile.name} {plan.name}").randrange(1 << 30)
    prose = Prose(f"point {seed}")
    count = max(300, int(seconds * (rate or min(possible, 10 * plan.clients))))
    bodies = embed_bodies(prose, plan.words, plan.rationale_tokens, count)
    http_load.run(server.address, "/embed", bodies[:20], 8)

    def run() -> tuple[list[http_load.Answer], list[float], float]:
        if plan.clients:
            done = http_load.run(server.address, "/embed", bodies, plan.clients)
            return done.answers, [answer.seconds for answer in done.answers], done.seconds
        return asyncio.run(send_at(server.address, bodies, rate, seed))

    ((answers, latencies, took), steps), share = others_share(server, lambda: steps_of(server, run))
    written = [int(answer.headers["x-rationale-tokens"]) for answer in answers]
    prompts = [int(answer.headers["x-compute-tokens"]) - tokens for answer, tokens in zip(answers, written)]
    return Point(
        f"{profile.precision}: {plan.name}", profile.name, rate, plan.clients, seed, round(share, 3), prompts, written,
        pace(steps, profile.cost), Summary.of(latencies, took))


async def send_at(
    address: tuple[str, int], bodies: list[dict], rate: float, seed: int
) -> tuple[list[http_load.Answer], list[float], float]:
    """Each body at its moment, whether others are answered or not; a latency counts from that moment on."""
    idle: list[http_load.Client] = []

    async def send(body: dict, moment: float) -> tuple[http_load.Answer, float]:
        client = idle.pop() if idle else http_load.Client(address)
        answer = await client.send("/embed", body)
        latency = time.perf_counter() - moment
        idle.append(client)
        if answer.status != 200:
            raise SystemExit(f"/embed answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
        return answer, latency

    tasks, first = [], 0.0
    start = time.perf_counter() + 0.1
    for body, moment in zip(bodies, arrivals(rate, random.Random(seed))):
        first = first or moment
        await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
        tasks.append(asyncio.create_task(send(body, start + moment)))
    done = await asyncio.gather(*tasks)
    took = time.perf_counter() - start - first
    for client in idle:
        client.close()
    return [answer for answer, _ in done], [latency for _, latency in done], took


def options(arguments: argparse.Namespace, precision: str) -> list[str]:
    told = ["--models", str(arguments.models), "--model", MODEL, "--precision", precision, "--cache-entries", "0"]
    # Each step has a line in the log.
    told += ["--log-level", "trace", "--access-log", "off"]
    return told + (["--threads", str(arguments.threads)] if arguments.threads else [])


def machine() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{found[1] if found else platform.machine()}, {os.cpu_count()} processors"


def commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="of the machine: what the files are called")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--output", type=Path, default=CAPACITY, help="with profiles and points in it (%(default)s)")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--threads", type=int, default=0, help="of the server (its own choice)")
    parser.add_argument("--seconds", type=float, default=12, help="of a point, at least (%(default)s)")
    parser.add_argument(
        "--others", type=float, default=1, help="keep nothing in which others took more of the machine: 0.05 (all)")
    parser.add_argument("--minutes", type=float, default=60, help="begin nothing after that (%(default)s)")
    arguments = parser.parse_args()
    stop_at_signals()
    end = time.monotonic() + 60 * arguments.minutes
    points_path = arguments.output / "points" / f"{arguments.name}.json"
    for path in (points_path.parent, arguments.output / "profiles"):
        path.mkdir(parents=True, exist_ok=True)
    points = read_points(points_path) if points_path.exists() else []
    for precision in arguments.precisions:
        profile_path = arguments.output / "profiles" / f"{arguments.name}-{precision}.json"
        if not profile_path.exists():
            if time.monotonic() > end:
                sys.exit("time is over: run it again to go on")
            profile = make_profile(arguments, precision)
            print(profile_path, f"others {profile.others_share:.0%}", flush=True)
            if profile.others_share > arguments.others:
                continue
            profile.write(profile_path)
        profile = Profile.read(profile_path)
        there = {point.name for point in points}
        plans = [plan for plan in PLANS if f"{precision}: {plan.name}" not in there]
        if not plans:
            continue
        with grace_server(arguments.binary, options(arguments, precision)) as server:
            for plan in plans:
                if time.monotonic() > end:
                    sys.exit("time is over: run it again to go on")
                point = measure_point(server, plan, profile, arguments.seconds)
                print(point.name, point.measured, f"others {point.others_share:.0%}", flush=True)
                if point.others_share <= arguments.others:
                    points.append(point)
                    write_points(points_path, points)


if __name__ == "__main__":
    try:
        main()
    except Refusal as refusal:
        sys.exit(f"capacity_points: {refusal}")
