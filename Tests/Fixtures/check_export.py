"""Loads what `grace-trainer` wrote with Hugging Face's libraries, and compares it with a golden.

    python3 check_export.py DIRECTORY GOLDEN [--base MODEL] [--tolerance 1e-4]

DIRECTORY is a model; with --base an adapter of PEFT that stands on MODEL. GOLDEN is a golden.json of reference/. Token ids,
rendered prompts and greedy rationales must be equal, logits and embeddings near. Exits with 1 if anything is not.

    swift build -c release
    .build/release/grace-trainer export Models/SmolLM2-135M-Instruct /tmp/exported
    python3 Tests/Fixtures/check_export.py /tmp/exported Tests/Fixtures/reference/smollm2/golden.json --tolerance 1e-3
"""

import argparse
import json
import pathlib
import sys

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEM_PROMPT = (
    "Read and analyze the following text, then you need to provide your reasoning within <think></think> tags. "
    "Finally, generate a comprehensive understanding of this text.")


class Check:
    """Counts what was compared and says what differs."""

    def __init__(self):
        self.count = self.failures = 0

    def __call__(self, holds, what):
        self.count += 1
        if not holds:
            self.failures += 1
            print(f"DIFFERS: {what}")


def distance(found, expected):
    """The relative L2 distance."""
    expected = torch.tensor(expected)
    return float((found - expected).norm() / expected.norm())


def check_files(directory, check):
    """Every file of tensors is one that the format's own library reads, aligned and with its metadata."""
    for path in sorted(pathlib.Path(directory).glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            check(file.metadata() == {"format": "pt"}, f"metadata of {path.name}")
            for name in file.keys():
                check(bool(torch.isfinite(file.get_tensor(name)).all()), f"{path.name}: {name} is finite")


def load(arguments):
    """The model in float32, with the adapter if there is a base, and the tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(arguments.base or arguments.directory, dtype=torch.float32)
    if arguments.base:
        from peft import PeftModel
        model = PeftModel.from_pretrained(model, arguments.directory)
    return model.eval(), AutoTokenizer.from_pretrained(arguments.base or arguments.directory)


@torch.no_grad()
def check_case(model, tokenizer, case, system_prompt, tolerance, check):
    text = case["text"]
    messages = [{"role": "system", "content": system_prompt}, {"role": "user", "content": text}]
    rendered = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    check(rendered == case["rendered"], f"the prompt of {text!r}")
    ids = tokenizer.encode(rendered, add_special_tokens=False)
    check(ids == case["prompt_ids"], f"the ids of the prompt of {text!r}")
    output = model(torch.tensor([case["prompt_ids"] + case["rationale_ids"]]), output_hidden_states=True)
    written = len(case["prompt_ids"]) - 1
    first = output.logits[0, written]
    check(distance(first[:16], case["first_logits_head"]) <= tolerance, f"the first logits after {text!r}")
    check(abs(float(first.norm()) / case["first_logits_norm"] - 1) <= tolerance, f"the logits' norm after {text!r}")
    greedy = output.logits[0, written:].argmax(-1).tolist()[:len(case["rationale_ids"])]
    check(greedy == case["rationale_ids"], f"the rationale of {text!r}")
    mean = output.hidden_states[-1][0, case["pooling_start"]:].mean(0)
    apart = distance(mean, case["embedding_unnormalised"])
    check(apart <= tolerance, f"the embedding of {text!r}: distance {apart:.2e}")
    return apart


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("golden")
    parser.add_argument("--base")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    golden = json.loads(pathlib.Path(arguments.golden).read_text())
    check = Check()
    check_files(arguments.directory, check)
    model, tokenizer = load(arguments)
    for tokens in golden.get("tokens", []):
        check(tokenizer.encode(tokens["text"], add_special_tokens=False) == tokens["ids"], f"the ids of {tokens['text']!r}")
    distances = [
        check_case(model, tokenizer, case, golden.get("system_prompt", SYSTEM_PROMPT), arguments.tolerance, check)
        for case in golden["cases"]]
    print(f"{check.count - check.failures} of {check.count} comparisons hold; "
          f"the embeddings' largest distance is {max(distances):.2e}")
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
