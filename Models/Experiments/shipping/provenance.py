"""Where a checkpoint comes from and how good it is: what its grace.json tells people."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .refusal import Refusal, member

# What the objectives of `grace-trainer train` are called in words.
METHODS = {
    "grace": "GRACE: rationales are trained by policy gradient with a contrastive reward",
    "grace+contrastive": "GRACE with a contrastive loss on the vectors",
    "contrastive": "contrastive fine-tuning: a contrastive loss on the vectors",
}
FIRST_LINE_LIMIT = 1 << 24
DECIMALS = 4


def training(
    trained: dict[str, Any], commit: str | None, data: Path, results: list[dict[str, Any]], where: Path
) -> dict[str, Any]:
    """The member `training`: what the trainer wrote, told in words, with its data and the results."""
    written = member(trained, "program", where=where)
    known = written.get("commit") if isinstance(written, dict) else None
    if known is not None and commit is not None and known != commit:
        raise Refusal(f"{where} was trained by commit {known}, --commit says {commit}")
    if known is None and commit is None:
        raise Refusal(f"{where} does not say which commit trained it: give --commit")
    objective = member(trained, "configuration", "objective", where=where)
    step = member(trained, "metrics", "step", where=where)
    if not isinstance(step, (int, float)):
        raise Refusal(f"{where}: metrics.step is {step!r}, expected a number")
    return {
        "method": METHODS.get(str(objective), objective),
        "objective": objective,
        "steps": round(step),
        "commit": known or commit,
        "data": described_data(data, str(member(trained, "data_sha256", where=where))),
        **trained,
        "results": results,
    }


def described_data(path: Path, expected: str) -> dict[str, object]:
    """Prepared data, which are known by the digest of their first line; it holds that of the rest."""
    with path.open("rb") as file:
        line = file.readline(FIRST_LINE_LIMIT).rstrip(b"\n")
    found = hashlib.sha256(line).hexdigest()
    if found != expected:
        raise Refusal(f"{path} is the data of digest {found}, the checkpoint was trained on {expected}")
    header = json.loads(line)
    kept = ("kind", "train", "held_out", "negatives", "inputs", "body")
    return {"sha256": found, **{key: header[key] for key in kept if key in header}}


def described_results(path: Path, fingerprint: str, rationale_tokens: int) -> dict[str, Any]:
    """What `grace-trainer evaluate --output` wrote of the checkpoint, without what is measured of each unit."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Refusal(f"{path} is not JSON: {error}") from error
    kind = (member(document, "format", where=path), member(document, "version", where=path))
    if kind != ("grace-evaluation", 1):
        raise Refusal(f"{path} is of the format {kind[0]} {kind[1]}, expected grace-evaluation 1")
    found = member(document, "model", "fingerprint", where=path)
    if found != fingerprint:
        raise Refusal(f"{path} is of the checkpoint {found}, the one to ship is {fingerprint}")
    try:
        modes = scores_by_mode(document["results"])
        account = {"compute": document["model"]["compute"], "settings": document["settings"], "modes": modes}
    except (KeyError, IndexError, TypeError) as error:
        raise Refusal(f"{path} is not as grace-trainer evaluate writes it: {error!r}") from error
    check_served_mode(path, modes, rationale_tokens)
    return {**account, **{key: numbers_of(document[key]) for key in ("perplexity", "divergence") if key in document}}


def scores_by_mode(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The score of each task, and their mean, for each way in which rationales were written."""
    modes: list[dict[str, Any]] = []
    for result in results:
        mode = result["mode"]
        if not modes or modes[-1]["mode"] != mode:
            modes.append({"mode": mode, "mean_score": None, "tasks": {}})
        score = result["scores"]["test"][0]
        modes[-1]["tasks"][result["task_name"]] = {
            "kind": result["kind"],
            "metric": result["metric"],
            "score": round(score["main_score"], DECIMALS),
            "confidence_interval": [round(bound, DECIMALS) for bound in score["confidence_interval"]],
            "sha256": result["dataset_revision"],
        }
    for entry in modes:
        # As the tables have it: there is no faithfulness without rationales.
        scores = [task["score"] for task in entry["tasks"].values() if task["kind"] != "faithfulness"]
        entry["mean_score"] = round(sum(scores) / len(scores), DECIMALS) if scores else None
    return modes


def check_served_mode(path: Path, modes: list[dict[str, Any]], rationale_tokens: int) -> None:
    """Results of another mode than the one that is served say nothing of it."""
    expected = ("greedy", rationale_tokens) if rationale_tokens > 0 else ("none", 0)
    found = [(entry["mode"]["kind"], entry["mode"]["max_rationale_tokens"]) for entry in modes]
    if expected not in found:
        names = ", ".join(f"{kind} of {tokens} tokens" for kind, tokens in found) or "none"
        raise Refusal(
            f"{path} has results of these modes: {names}; served will be {expected[0]} of {expected[1]} tokens")


def numbers_of(content: object) -> object:
    """A measurement without what is listed of each of its units."""
    if isinstance(content, dict):
        return {key: numbers_of(value) for key, value in content.items() if not isinstance(value, list)}
    return content
