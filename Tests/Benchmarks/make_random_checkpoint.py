#!/usr/bin/env python3
"""Writes a checkpoint of random weights in the shape of a published backbone, for memory and speed.

    Tests/Benchmarks/make_random_checkpoint.py /tmp/qwen3-4b-random --shape qwen3-4b-instruct-2507

The weights are bfloat16, normal with a standard deviation of 0.02 (norms are 1), in shards of at most
`--shard-gigabytes` with a `model.safetensors.index.json`, or in one model.safetensors if all fit. config.json is the
published one, but for the numbers of control tokens: tokenizer and chat template are those of a fixture, whose
vocabulary is smaller than the model's. Texts become long prompts, and what the model writes is noise. `--layers` makes
a smaller one. The same seed gives the same tensors, however they are cut into shards. Needs numpy and 100 MB.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy

from published_shapes import BACKBONES, Shape, tensors

FIXTURES = Path(__file__).parents[1] / "Fixtures/reference"
DEVIATION = 0.02
PIECE = 1 << 22
Tensors = list[tuple[str, Shape]]


def byte_count(shape: Shape) -> int:
    return 2 * math.prod(shape)


def shards(all_tensors: Tensors, limit: int) -> list[Tensors]:
    """The tensors in their order, cut where a shard would exceed `limit` bytes; one that does alone has its own."""
    result: list[Tensors] = [[]]
    size = 0
    for name, shape in all_tensors:
        if result[-1] and size + byte_count(shape) > limit:
            result.append([])
            size = 0
        result[-1].append((name, shape))
        size += byte_count(shape)
    return result


def numbers(name: str, count: int, generator: numpy.random.Generator) -> Iterator[bytes]:
    """A tensor's bfloat16 numbers, in pieces."""
    for start in range(0, count, PIECE):
        length = min(PIECE, count - start)
        if "norm" in name:
            values = numpy.ones(length, dtype=numpy.float32)
        else:
            values = generator.standard_normal(length, dtype=numpy.float32)
            values *= numpy.float32(DEVIATION)
        # The upper half, rounded: half-way cases away from zero are as good as any.
        bits = values.view(numpy.uint32)
        bits += 0x8000
        yield bits.view("<u2")[1::2].tobytes()


def write_shard(path: Path, shard: Tensors, generator: numpy.random.Generator) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shard:
        start, end = end, end + byte_count(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shard:
            for piece in numbers(name, math.prod(shape), generator):
                file.write(piece)


def write_tensors(directory: Path, all_tensors: Tensors, limit: int, seed: int) -> None:
    for stale in directory.glob("model*.safetensors*"):
        stale.unlink()
    generator = numpy.random.default_rng(seed)
    parts = shards(all_tensors, limit)
    if len(parts) == 1:
        write_shard(directory / "model.safetensors", parts[0], generator)
        return
    files: dict[str, str] = {}
    for number, part in enumerate(parts, start=1):
        file = f"model-{number:05}-of-{len(parts):05}.safetensors"
        write_shard(directory / file, part, generator)
        files.update((name, file) for name, _ in part)
    index = {"metadata": {"total_size": sum(byte_count(shape) for _, shape in all_tensors)}, "weight_map": files}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def write_documents(directory: Path, config: dict[str, Any], fixture: Path) -> None:
    """The published configuration with the control tokens of the fixture's tokenizer, and the fixture's other files."""
    small = json.loads((fixture / "config.json").read_text())
    config = {**config, **{key: small[key] for key in ("bos_token_id", "eos_token_id")}}
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    for path in fixture.iterdir():
        if path.name not in ("config.json", "model.safetensors", "golden.json"):
            shutil.copyfile(path, directory / path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--shape", choices=BACKBONES, default="qwen2.5-1.5b", help="(%(default)s)")
    parser.add_argument("--layers", type=int, help="fewer than the published model has")
    parser.add_argument("--shard-gigabytes", type=float, default=2.0, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    backbone = BACKBONES[arguments.shape]
    config = dict(backbone.config)
    if arguments.layers is not None:
        config["num_hidden_layers"] = arguments.layers
    arguments.directory.mkdir(parents=True, exist_ok=True)
    write_documents(arguments.directory, config, FIXTURES / backbone.fixture)
    write_tensors(
        arguments.directory, list(tensors(config)), int(arguments.shard_gigabytes * 1e9), arguments.seed)


if __name__ == "__main__":
    main()
