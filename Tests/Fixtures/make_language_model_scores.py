#!/usr/bin/env python3
"""Golden perplexity and divergence for the evaluation, computed by PyTorch over the committed tiny checkpoints.

    pip install torch transformers peft
    python3 Tests/Fixtures/make_language_model_scores.py Tests/Fixtures/reference Tests/Fixtures/evaluation

Writes OUT_DIR/language_model.json: the perplexity of a text under tiny-qwen2 in windows, and the divergence of
tiny-qwen2-lora from it on its own greedy answers. float32 throughout.
"""
import json
import math
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEM_PROMPT = "You are a helpful assistant."
TEXT = ("The harbour was quiet at six. Two boats came in with the tide, and the men who tied them up spoke of nothing "
        "but the weather: naïve hopes, 東京, and 12345 herrings.\nThen it rained.")
INSTRUCTIONS = ["Name three rivers.", "Why is the sky blue?", "Write one line about the sea."]
WINDOW = 24
ANSWER_TOKENS = 12


@torch.no_grad()
def main(reference, out):
    base_path = reference / "tiny-qwen2"
    tokenizer = AutoTokenizer.from_pretrained(base_path)
    base = AutoModelForCausalLM.from_pretrained(base_path, dtype=torch.float32).eval()
    other = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_path, dtype=torch.float32),
                                      reference / "tiny-qwen2-lora").eval()

    def log_probabilities(model, ids):
        return torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), dim=-1)

    ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    loss, count = 0.0, 0
    for start in range(0, len(ids), WINDOW):
        piece = ids[start:start + WINDOW]
        rows = log_probabilities(base, piece)
        loss -= sum(float(rows[i, piece[i + 1]]) for i in range(len(piece) - 1))
        count += len(piece) - 1

    stops = base.generation_config.eos_token_id
    stops = set(stops if isinstance(stops, list) else [stops])
    totals = {"from_base": 0.0, "to_base": 0.0, "tokens": 0, "agreements": 0}
    for instruction in INSTRUCTIONS:
        rendered = tokenizer.apply_chat_template(
            [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": instruction}], tokenize=False,
            add_generation_prompt=True)
        prompt = tokenizer(rendered, add_special_tokens=False)["input_ids"]
        answer = []
        while len(answer) < ANSWER_TOKENS:
            token = int(log_probabilities(base, prompt + answer)[-1].argmax())
            if token in stops:
                break
            answer.append(token)
        p = log_probabilities(other, prompt + answer)[len(prompt) - 1:]
        q = log_probabilities(base, prompt + answer)[len(prompt) - 1:]
        totals["from_base"] += float((p.exp() * (p - q)).sum())
        totals["to_base"] += float((q.exp() * (q - p)).sum())
        totals["tokens"] += len(answer) + 1
        totals["agreements"] += int((p.argmax(-1) == q.argmax(-1)).sum())

    n = totals["tokens"]
    golden = {"text": TEXT, "window": WINDOW, "mean_loss": loss / count, "tokens": count,
              "perplexity": math.exp(loss / count), "instructions": INSTRUCTIONS, "answer_tokens": ANSWER_TOKENS,
              "places": n, "kl_checkpoint_base": totals["from_base"] / n, "kl_base_checkpoint": totals["to_base"] / n,
              "agreement": totals["agreements"] / n}
    (out / "language_model.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
