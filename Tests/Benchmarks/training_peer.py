#!/usr/bin/env python3
"""Compares training with PyTorch's eager float32, side by side: forward and back, and a whole step.

    swift build -c release --product grace-trainer
    python3 Tests/Benchmarks/training_peer.py --python VENV/bin/python

The Python named there has torch, transformers and gguf. The peer runs the same model, dequantised, over as many sequences of
the same lengths, none padded, and scores the same tokens; it is given whichever micro-batch is fastest for it. The two take
turns, `--rounds` times, and the ratio is of the medians. With `--data` a whole step is measured: 16 prompts, 8 rationales of at
most 64 tokens each, one of each query and negative, rewards, gradients of all weights, an update.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

PEER = r"""
import sys, time, pathlib, torch, torch.nn.functional as F
from transformers import AutoModelForCausalLM
path, sequences, prompt, scored, rows, threads = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:7])
torch.set_num_threads(threads)
m = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).train()
ids = torch.randint(0, m.config.vocab_size, (sequences, prompt + scored), generator=torch.Generator().manual_seed(1))
def run(batch):
    logits = m(batch, logits_to_keep=scored + 1).logits[:, :-1]
    rows = F.log_softmax(logits, -1).gather(2, batch[:, prompt:, None])
    (-rows.sum() / (sequences * scored)).backward()
run(ids[:rows]); m.zero_grad()
start = time.perf_counter()
for first in range(0, sequences, rows): run(ids[first:first + rows])
print(time.perf_counter() - start)
"""


STEP_PEER = r"""
import sys, time, json, pathlib, torch, torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer
path, data, prompts, K, tokens, rows, threads = pathlib.Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:8])
torch.set_num_threads(threads); torch.manual_seed(1)
m = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
tok = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, padding_side="left"); tok.pad_token = tok.eos_token
system = ("Read and analyze the following text, then you need to provide your reasoning within <think></think> tags. "
          "Finally, generate a comprehensive understanding of this text.")
def render(text):
    return tok.apply_chat_template([{"role": "system", "content": system}, {"role": "user", "content": text}],
                                   add_generation_prompt=True, tokenize=False)
examples = [json.loads(line) for line in open(data)][:prompts]
optimizer = torch.optim.AdamW(m.parameters(), lr=1e-6)
def write(texts, temperature):
    batch = tok([render(t) for t in texts], return_tensors="pt", padding=True, add_special_tokens=False)
    with torch.no_grad():
        out = m.generate(**batch, do_sample=True, temperature=temperature, top_k=0, max_new_tokens=tokens)
    mask = torch.cat([batch["attention_mask"], (out[:, batch["input_ids"].shape[1]:] != tok.pad_token_id).long()], 1)
    with torch.no_grad():
        hidden = m.model(out, attention_mask=mask).last_hidden_state
    pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return out, mask, batch["input_ids"].shape[1], F.normalize(pooled, dim=-1)
start = time.perf_counter()
main = [write([e["positive"]] * K, 1.0) for e in examples]
query = write([e["query"] for e in examples], 0.5)[3]
write([e["negative"] for e in examples], 0.5)
written = time.perf_counter()
m.zero_grad()
for group, (out, mask, prompt, vectors) in enumerate(main):
    reward = (vectors @ query[group]) / 0.1
    advantage = reward - reward.mean()
    for first in range(0, K, rows):
        part = slice(first, first + rows)
        logits = m(out[part], attention_mask=mask[part], logits_to_keep=out.shape[1] - prompt + 1).logits[:, :-1]
        picked = F.log_softmax(logits, -1).gather(2, out[part, prompt:, None])[..., 0]
        (-(picked * mask[part, prompt:]).sum(1) * advantage[part]).sum().div(prompts * K * tokens).backward()
torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0); optimizer.step()
print(time.perf_counter() - start, written - start)
"""


def step_peer(arguments: argparse.Namespace) -> float:
    output = subprocess.run(
        [arguments.python, "-c", STEP_PEER, str(arguments.model), str(arguments.data), "16", "8", "64", "8",
         str(arguments.threads)],
        check=True, capture_output=True, text=True, env=environment()).stdout
    return float(output.split()[-2])


def own_step(arguments: argparse.Namespace) -> float:
    with tempfile.TemporaryDirectory() as directory:
        prepared = Path(directory) / "prepared"
        for command in (
            ["prepare", str(arguments.data), "--output", str(prepared), "--held-out", "1"],
            ["train", "--data", str(prepared), "--output", str(Path(directory) / "run"), "--batch", "16",
             "--update-batch", "16", "--rollouts", "8", "--max-rationale-tokens", "64", "--max-prompt-tokens", "256",
             "--truncated-reward", "keep", "--held-out-examples", "0", "--dry-run", "--threads",
             str(arguments.threads)],
        ):
            output = subprocess.run(
                [arguments.trainer, *command, "--model", str(arguments.model)],
                check=True, capture_output=True, text=True, env=environment()).stdout
    print(output, file=sys.stderr)
    return float(output.split("time a step")[1].split()[0])


def peer(arguments: argparse.Namespace, rows: int) -> float:
    output = subprocess.run(
        [arguments.python, "-c", PEER, str(arguments.model), str(arguments.sequences), str(arguments.prompt),
         str(arguments.scored), str(rows), str(arguments.threads)],
        check=True, capture_output=True, text=True, env=environment()).stdout
    return float(output.split()[-1])


def own(arguments: argparse.Namespace, *options: str) -> float:
    output = subprocess.run(
        [arguments.trainer, "benchmark", "--model", str(arguments.model), "--sequences", str(arguments.sequences),
         "--prompt-tokens", str(arguments.prompt), "--scored-tokens", str(arguments.scored), "--threads",
         str(arguments.threads), "--rounds", "1", *options],
        check=True, capture_output=True, text=True, env=environment()).stdout
    return float(output.split(" s:")[0].split()[-1])


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_CORETYPE")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="with torch and transformers (this one)")
    parser.add_argument("--trainer", default=str(ROOT / ".build" / "release" / "grace-trainer"))
    parser.add_argument(
        "--model", type=Path,
        default=ROOT / "Models" / "SmolLM2-135M-Instruct" / "SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--sequences", type=int, default=128)
    parser.add_argument("--prompt", type=int, default=64, help="tokens that are given (%(default)s)")
    parser.add_argument("--scored", type=int, default=64, help="tokens that are scored (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--data", type=Path, help="triplets in JSON Lines: measures a whole step of policy gradient instead")
    arguments = parser.parse_args()
    if arguments.data is not None:
        times = [(step_peer(arguments), own_step(arguments)) for _ in range(arguments.rounds)]
        print("| a step of 16 prompts, 8 rationales of 64 tokens | seconds |\n|---|---|")
        for name, values in zip(("transformers and PyTorch", "grace-trainer"), zip(*times)):
            print(f"| {name} | {statistics.median(values):.1f} |")
        print(f"ratio {statistics.median(first / second for first, second in times):.2f}")
        return 0
    tokens = arguments.sequences * (arguments.prompt + arguments.scored)
    rows = min((4, 8, 16), key=lambda rows: peer(arguments, rows))
    kinds = {
        f"PyTorch, {rows} sequences at once": lambda: peer(arguments, rows),
        "grace-trainer": lambda: own(arguments),
        "grace-trainer, 8 sequences a prompt": lambda: own(arguments, "--rollouts", "8"),
        "grace-trainer, activations computed twice": lambda: own(arguments, "--keep", "streams"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(arguments.rounds):
        for name, run in kinds.items():
            seconds[name].append(run())
    first = statistics.median(next(iter(seconds.values())))
    print("| forward and back | tokens/s | ratio |\n|---|---|---|")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"| {name} | {tokens / median:.0f} ({tokens / max(values):.0f} to {tokens / min(values):.0f}) "
              f"| {first / median:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
