"""What is measured by peer_benchmark.py: how each program is run, and what its output says.

All measurements return plain numbers: tokens or texts a second, or seconds.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import http_load
from programs import environment, grace_server, llama_server

RATIONALE_TOKENS = 64
PROMPT_TOKENS = 64
# Positions for a text of --longest characters, the template around it, and its rationale.
CONTEXT_TOKENS = 2048


@dataclass(frozen=True)
class EngineSpeed:
    """An engine without HTTP: tokens/s of so many prompts of 64 tokens at once, and of 64 tokens written for each."""

    prefill: float
    decode: float


@dataclass(frozen=True)
class JobTime:
    """The whole job: seconds of all generations (here with pooling, where one pass does both), and of pooling."""

    generation: float
    pooling: float
    rationale_tokens: float


@dataclass(frozen=True)
class Grace:
    """grace-server: options of the model, among them perhaps --precision, and options of the server alone."""

    binary: Path
    options: list[str]
    server_options: list[str]

    def offers(self, words: str) -> bool:
        """Whether the program's help has these words."""
        answer = subprocess.run([self.binary, "--help"], env=environment(), capture_output=True, text=True, check=True)
        return words in answer.stdout

    def engine(self, concurrency: list[int]) -> dict[int, EngineSpeed]:
        """One run of `grace-server benchmark`, which measures as often as llama-batched-bench does: once."""
        command = [str(self.binary), "benchmark", "--json", "--concurrency", ",".join(map(str, concurrency))]
        command += ["--prompt-tokens", str(PROMPT_TOKENS), "--rationale-tokens", str(RATIONALE_TOKENS), *self.options]
        command += ["--rounds", "1", "--texts", "1"]
        return {
            entry["concurrency"]: EngineSpeed(entry["prefill_tokens_per_second"], entry["decode_tokens_per_second"])
            for entry in json.loads(output_of(command))["results"]
        }

    def job(self, texts: list[str], warm_up: list[str], concurrency: int) -> JobTime:
        """Embeds all texts by a server of its own, one text a request, which so finds none of them in a cache."""
        options = [*self.options, *self.server_options, "--max-batch-requests", str(concurrency)]
        if self.offers("--cache-entries"):
            options += ["--cache-entries", "0"]
        with grace_server(self.binary, options) as server:
            http_load.run(server.address, "/embed", [body_of(text) for text in warm_up], concurrency)
            run = http_load.run(server.address, "/embed", [body_of(text) for text in texts], concurrency)
            dimensions = http_load.get(server.address, "/info")["dimensions"]
        for answer in run.answers:
            check_vector(answer.json()[0], dimensions)
        tokens = sum(int(answer.headers["x-rationale-tokens"]) for answer in run.answers)
        return JobTime(run.seconds, 0, tokens / len(texts))

    def info(self) -> dict[str, Any]:
        """What a running server tells of itself."""
        with grace_server(self.binary, self.options + self.server_options) as server:
            return http_load.get(server.address, "/info")


def body_of(text: str) -> dict[str, Any]:
    return {"inputs": text, "max_rationale_tokens": RATIONALE_TOKENS}


@dataclass(frozen=True)
class LlamaCpp:
    """The programs of llama.cpp, and the same model in several number formats."""

    programs: Path
    models: dict[str, Path]
    threads: int
    options: list[str]

    def engine(self, number_format: str, concurrency: list[int]) -> dict[int, EngineSpeed]:
        """One run of llama-batched-bench."""
        context = max(concurrency) * (PROMPT_TOKENS + RATIONALE_TOKENS)
        command = [str(self.programs / "llama-batched-bench"), "-m", str(self.models[number_format])]
        command += ["-c", str(context), "-b", "2048", *self.thread_options, *self.options]
        command += ["-npp", str(PROMPT_TOKENS), "-ntg", str(RATIONALE_TOKENS)]
        command += ["-npl", ",".join(map(str, concurrency)), "--output-format", "jsonl"]
        rows = [json.loads(line) for line in re.findall(r"^\{.*\}$", output_of(command), re.MULTILINE)]
        return {row["pl"]: EngineSpeed(row["speed_pp"], row["speed_tg"]) for row in rows}

    def generation(
        self, number_format: str, system_prompt: str, texts: list[str], warm_up: list[str], concurrency: int
    ) -> tuple[float, list[str], float]:
        """The first phase: seconds of all generations, what the second phase reads, and the mean rationale's tokens.

        Greedy; a server with a slot for each client, which keeps the keys and values of the prompt's beginning.
        Rendering the template is not in the time.
        """
        context = concurrency * CONTEXT_TOKENS
        options = ["-c", str(context), "-np", str(concurrency), "-b", "2048", "--cache-ram", "0", *self.options]
        with self.server(number_format, options) as server:
            prompts = [self.rendered(server.address, system_prompt, text) for text in warm_up + texts]
            bodies = [self.completion(prompt) for prompt in prompts]
            http_load.run(server.address, "/completion", bodies[: len(warm_up)], concurrency)
            run = http_load.run(server.address, "/completion", bodies[len(warm_up) :], concurrency)
        answers = [answer.json() for answer in run.answers]
        for answer in answers:
            if not answer["content"].strip():
                raise SystemExit(f"llama.cpp wrote an empty rationale: {json.dumps(answer)[:500]}")
        read = [prompt + answer["content"] for prompt, answer in zip(prompts[len(warm_up) :], answers)]
        return run.seconds, read, sum(answer["tokens_predicted"] for answer in answers) / len(answers)

    def pooling(self, number_format: str, texts: list[str], concurrency: int, dimensions: int) -> float:
        """The second phase: seconds of pooling all texts, which are the rendered prompts with their rationales."""
        context = concurrency * CONTEXT_TOKENS
        options = ["-c", str(context), "-np", str(concurrency), "--embeddings", "--pooling", "mean"]
        # A text that is pooled has to fit into one physical batch.
        options += ["-b", str(CONTEXT_TOKENS), "-ub", str(CONTEXT_TOKENS), *self.options]
        with self.server(number_format, options) as server:
            bodies = [{"content": text} for text in texts]
            http_load.run(server.address, "/embedding", bodies[:concurrency], concurrency)
            run = http_load.run(server.address, "/embedding", bodies, concurrency)
        for answer in run.answers:
            check_vector(answer.json()[0]["embedding"][0], dimensions)
        return run.seconds

    def system_info(self) -> str:
        """The version, and the instruction sets that it was built for and found."""
        version = subprocess.run(
            [self.programs / "llama-server", "--version"], capture_output=True, text=True, check=True
        )
        with self.server(next(iter(self.models)), ["-lv", "4"]) as server:
            found = re.search(r"system_info: (.*)", server.printed())
        lines = (version.stdout + version.stderr).splitlines()
        told = [line for line in lines if line.startswith(("version", "built"))]
        return "; ".join(told + ([found[1]] if found else []))

    @property
    def thread_options(self) -> list[str]:
        return ["-t", str(self.threads), "-tb", str(self.threads)]

    def server(self, number_format: str, options: list[str]) -> Any:
        command = ["-m", str(self.models[number_format]), *self.thread_options, *options]
        return llama_server(self.programs / "llama-server", command)

    def rendered(self, address: tuple[str, int], system_prompt: str, text: str) -> str:
        messages = [{"role": "system", "content": system_prompt}, {"role": "user", "content": text}]
        return http_load.run(address, "/apply-template", [{"messages": messages}], 1).answers[0].json()["prompt"]

    def completion(self, prompt: str) -> dict[str, Any]:
        # One candidate is the likeliest token, and the cheapest way for llama.cpp to choose it.
        return {
            "prompt": prompt,
            "n_predict": RATIONALE_TOKENS,
            "samplers": ["top_k"],
            "top_k": 1,
            "cache_prompt": True,
        }


@dataclass(frozen=True)
class Transformers:
    """Hugging Face transformers in a Python that has them."""

    python: Path
    model: Path
    threads: int

    def job(self, number_format: str, system_prompt: str, texts: list[str], batch: int) -> JobTime:
        """Generates in padded batches, then runs the finished texts through the model once more to pool."""
        job = {
            "model": str(self.model),
            "number_format": number_format,
            "threads": self.threads,
            "batch": batch,
            "system_prompt": system_prompt,
            "rationale_tokens": RATIONALE_TOKENS,
            "texts": texts,
        }
        program = Path(__file__).with_name("transformers_peer.py")
        printed = output_of([str(self.python), str(program)], json.dumps(job))
        return JobTime(**json.loads(printed.splitlines()[-1]))


def output_of(command: list[str], given: str = "") -> str:
    """Standard output of a program; ends this one if it fails."""
    answer = subprocess.run(command, env=environment(), input=given, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {answer.returncode}:\n{answer.stderr[-2000:]}")
    return answer.stdout


def check_vector(vector: list[float], dimensions: int) -> None:
    if len(vector) != dimensions or not all(map(math.isfinite, vector)) or not any(vector):
        raise SystemExit(f"this is no vector of {dimensions} numbers: {str(vector)[:200]}")
