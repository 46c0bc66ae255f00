#!/usr/bin/env python3
"""Embeds texts as the method's published evaluation does, with PyTorch and transformers, and says how long it took.

Run by peer_benchmark.py: reads a job as JSON from standard input, writes seconds and tokens as JSON. Generation is
greedy, in batches padded on the left; then the texts with their rationales, decoded and tokenised anew, are run once
more, and the last hidden states are averaged. Loading and one warm-up are not in the times.
"""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


class Peer:
    def __init__(self, job: dict) -> None:
        torch.set_num_threads(job["threads"])
        self.tokenizer = AutoTokenizer.from_pretrained(job["model"], padding_side="left")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        number_format = getattr(torch, job["number_format"])
        self.model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=number_format).eval()
        self.system_prompt = job["system_prompt"]
        self.rationale_tokens = job["rationale_tokens"]

    def prompts(self, texts: list) -> list:
        return [
            self.tokenizer.apply_chat_template(
                [{"role": "system", "content": self.system_prompt}, {"role": "user", "content": text}],
                tokenize=False,
                add_generation_prompt=True,
            )
            for text in texts
        ]

    def tokens(self, texts: list) -> dict:
        return self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)

    def rationales(self, prompts: list) -> tuple:
        """The rationales as text, and how many tokens they have."""
        tokens = self.tokens(prompts)
        written = self.model.generate(
            **tokens,
            max_new_tokens=self.rationale_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=self.tokenizer.pad_token_id,
        )[:, tokens["input_ids"].shape[1] :]
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return texts, sum(len(self.tokenizer(text)["input_ids"]) for text in texts)

    def pooled(self, texts: list) -> torch.Tensor:
        """`[texts, channels]`"""
        tokens = self.tokens(texts)
        states = self.model.model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)


def main() -> None:
    job = json.load(sys.stdin)
    texts, batch = job["texts"], job["batch"]
    with torch.inference_mode():
        peer = Peer(job)
        prompts = peer.prompts(texts)
        peer.pooled(peer.prompts(texts[:1]))
        start = time.perf_counter()
        finished, tokens = [], 0
        for first in range(0, len(prompts), batch):
            group = prompts[first : first + batch]
            rationales, count = peer.rationales(group)
            tokens += count
            finished += [prompt + rationale for prompt, rationale in zip(group, rationales)]
        middle = time.perf_counter()
        for first in range(0, len(finished), batch):
            vectors = peer.pooled(finished[first : first + batch])
            if not torch.isfinite(vectors).all():
                raise SystemExit("a vector is not finite")
        end = time.perf_counter()
    times = {"generation": middle - start, "pooling": end - middle, "rationale_tokens": tokens / len(texts)}
    print(json.dumps(times))


if __name__ == "__main__":
    main()
