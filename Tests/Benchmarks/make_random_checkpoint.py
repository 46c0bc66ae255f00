#!/usr/bin/env python3
"""Writes a checkpoint of random weights in the shape of Qwen2.5-1.5B: for memory and speed, which do not depend on them.

    Tests/Benchmarks/make_random_checkpoint.py /tmp/qwen-1.5b-random

The weights are bfloat16, normal with a standard deviation of 0.02 (norms are 1), 3.1 GB in one model.safetensors. Tokenizer
and chat template are those of a fixture, whose vocabulary is smaller than the model's: texts become long prompts, and what
the model writes is noise. `--layers` makes a smaller one. The same seed gives the same file. Needs numpy.
"""

import argparse
import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy

HIDDEN = 1536
HEADS = 12
KEY_VALUE_HEADS = 2
HEAD_SIZE = HIDDEN // HEADS
FEED_FORWARD = 8960
VOCABULARY = 151_936
DEVIATION = 0.02
TOKENIZER = Path(__file__).parents[1] / "Fixtures/reference/tiny-qwen2"
PIECE = 1 << 24


def shapes(layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of all tensors; the head is the embedding."""
    keys = KEY_VALUE_HEADS * HEAD_SIZE
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    for layer in range(layers):
        prefix = f"model.layers.{layer}"
        yield f"{prefix}.input_layernorm.weight", (HIDDEN,)
        for name, outputs in (("q", HIDDEN), ("k", keys), ("v", keys)):
            yield f"{prefix}.self_attn.{name}_proj.weight", (outputs, HIDDEN)
            yield f"{prefix}.self_attn.{name}_proj.bias", (outputs,)
        yield f"{prefix}.self_attn.o_proj.weight", (HIDDEN, HIDDEN)
        yield f"{prefix}.post_attention_layernorm.weight", (HIDDEN,)
        yield f"{prefix}.mlp.gate_proj.weight", (FEED_FORWARD, HIDDEN)
        yield f"{prefix}.mlp.up_proj.weight", (FEED_FORWARD, HIDDEN)
        yield f"{prefix}.mlp.down_proj.weight", (HIDDEN, FEED_FORWARD)
    yield "model.norm.weight", (HIDDEN,)


def numbers(name: str, count: int, generator: numpy.random.Generator) -> Iterator[bytes]:
    """A tensor's bfloat16 numbers, in pieces."""
    for start in range(0, count, PIECE):
        length = min(PIECE, count - start)
        if "norm" in name:
            values = numpy.ones(length, dtype=numpy.float32)
        else:
            values = generator.standard_normal(length, dtype=numpy.float32) * numpy.float32(DEVIATION)
        # The upper half, rounded: half-way cases away from zero are as good as any.
        yield ((values.view(numpy.uint32) + 0x8000) >> 16).astype("<u2").tobytes()


def write_tensors(path: Path, layers: int, seed: int) -> None:
    header: dict[str, object] = {}
    end = 0
    for name, shape in shapes(layers):
        size = 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    generator = numpy.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(layers):
            for piece in numbers(name, int(numpy.prod(shape)), generator):
                file.write(piece)


def write_config(directory: Path, layers: int) -> None:
    config = json.loads((TOKENIZER / "config.json").read_text())
    config.update(
        hidden_size=HIDDEN, intermediate_size=FEED_FORWARD, num_hidden_layers=layers, num_attention_heads=HEADS,
        num_key_value_heads=KEY_VALUE_HEADS, vocab_size=VOCABULARY, tie_word_embeddings=True, rms_norm_eps=1e-6,
        max_position_embeddings=32768, rope_theta=1_000_000.0, dtype="bfloat16")
    for key in ("layer_types", "max_window_layers", "rope_parameters", "rope_scaling"):
        config.pop(key, None)
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for path in TOKENIZER.iterdir():
        if path.name not in ("config.json", "model.safetensors", "golden.json"):
            shutil.copyfile(path, directory / path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    write_config(arguments.directory, arguments.layers)
    write_tensors(arguments.directory / "model.safetensors", arguments.layers, arguments.seed)


if __name__ == "__main__":
    main()
