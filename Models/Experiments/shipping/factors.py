"""The factors of an adapter in bfloat16, which take half the bytes of float32.

What rounding them changes is far less than what the four bits of the base do.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from dataclasses import dataclass

from .refusal import Refusal

WIDTHS = {"F32": 4, "BF16": 2}
HEADER_LIMIT = 1 << 24
EXPONENT = 0x7F80_0000


@dataclass(frozen=True)
class Tensor:
    """One entry of the header; its bytes are `content[start:end]`."""

    name: str
    dtype: str
    shape: list[int]
    start: int
    end: int


def in_bfloat16(content: bytes, file: str) -> bytes:
    """A safetensors file with all of its tensors in bfloat16, in the order of their bytes; what is so stays as it is.

    Raises Refusal, naming the tensor and both values.
    """
    tensors, metadata = read_header(content, file)
    if all(tensor.dtype == "BF16" for tensor in tensors):
        return content
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    rounded = bytearray()
    for tensor in sorted(tensors, key=lambda tensor: tensor.start):
        numbers = content[tensor.start : tensor.end]
        if tensor.dtype == "F32":
            numbers = rounded_to_bfloat16(numbers, f"{file}: tensor {tensor.name}")
        offsets = [len(rounded), len(rounded) + len(numbers)]
        header[tensor.name] = {"dtype": "BF16", "shape": tensor.shape, "data_offsets": offsets}
        rounded += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(rounded)


def read_header(content: bytes, file: str) -> tuple[list[Tensor], object]:
    """The tensors of a safetensors file, and its metadata."""
    if len(content) < 8:
        raise Refusal(f"{file} has {len(content)} bytes, too few for a header's length")
    length = struct.unpack_from("<Q", content)[0]
    if length > min(HEADER_LIMIT, len(content) - 8):
        raise Refusal(f"{file}: the header has {length} bytes, of {len(content)} of the file")
    try:
        entries = json.loads(content[8 : 8 + length])
    except ValueError as error:
        raise Refusal(f"{file}: the header is not JSON: {error}") from error
    if not isinstance(entries, dict):
        raise Refusal(f"{file}: the header is no object")
    metadata = entries.pop("__metadata__", None)
    tensors = [tensor(name, entry, 8 + length, len(content), file) for name, entry in entries.items()]
    if not tensors:
        raise Refusal(f"{file} has no tensors")
    return tensors, metadata


def tensor(name: str, entry: object, base: int, size: int, file: str) -> Tensor:
    where = f"{file}: tensor {name}"
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        count = 1
        for length in shape:
            count *= length
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{where} is described by {entry!r}") from error
    if dtype not in WIDTHS:
        raise Refusal(f"{where} is of the type {dtype}, expected {' or '.join(WIDTHS)}")
    if not 0 <= start <= end <= size - base or end - start != count * WIDTHS[dtype]:
        raise Refusal(
            f"{where} has bytes {start} to {end} of {size - base}, expected {count * WIDTHS[dtype]} of them")
    return Tensor(name, dtype, shape, base + start, base + end)


def rounded_to_bfloat16(numbers: bytes, where: str) -> bytes:
    """Float32 rounded to the nearest bfloat16, ties to even; both little-endian.

    Raises Refusal where one is no finite number, or would not be.
    """
    bits = array("I", numbers)
    if sys.byteorder == "big":
        bits.byteswap()
    rounded = array("H", ((word + 0x7FFF + (word >> 16 & 1) & 0xFFFF_FFFF) >> 16 for word in bits))
    for index, word in enumerate(rounded):
        if word << 16 & EXPONENT == EXPONENT or bits[index] & EXPONENT == EXPONENT:
            value = struct.unpack("<f", numbers[4 * index : 4 * index + 4])[0]
            raise Refusal(f"{where}[{index}] is {value}, expected a finite number")
    if sys.byteorder == "big":
        rounded.byteswap()
    return rounded.tobytes()
