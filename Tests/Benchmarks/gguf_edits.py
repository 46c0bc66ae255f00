"""Finds places in a GGUF file, to change a copy: for checkpoints that must be refused, or that differ a little."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from pathlib import Path

# The bytes of a metadata value, by the number of its type; strings and arrays have lengths of their own.
VALUE_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY, FLOAT32 = 8, 9, 0
DEFAULT_ALIGNMENT = 32


@dataclass(frozen=True)
class Tensor:
    """Offsets into the file: of the name's bytes, of the first dimension, and of the data."""

    name: int
    dimensions: int
    shape: tuple[int, ...]
    kind: int
    data: int


@dataclass
class GGUF:
    """A file's bytes, which may be changed in place, and where what lies in them."""

    content: bytearray
    strings: dict[str, slice] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> GGUF:
        result = cls(bytearray(path.read_bytes()))
        result.find()
        return result

    def find(self) -> None:
        magic, _, tensor_count, value_count = self.unpack("<4sIQQ", 0)
        if magic != b"GGUF":
            raise SystemExit("this is no GGUF file")
        position, alignment = 24, DEFAULT_ALIGNMENT
        for _ in range(value_count):
            key, position = self.string(position)
            (kind,) = self.unpack("<I", position)
            start = position + 4
            position = self.end_of_value(kind, start)
            if kind == STRING:
                self.strings[self.text(key)] = slice(start + 8, position)
            elif self.text(key) == "general.alignment":
                (alignment,) = self.unpack("<I", start)
        entries = []
        for _ in range(tensor_count):
            name, position = self.string(position)
            (rank,) = self.unpack("<I", position)
            dimensions = position + 4
            shape = self.unpack(f"<{rank}Q", dimensions)
            kind, offset = self.unpack("<IQ", dimensions + 8 * rank)
            position = dimensions + 8 * rank + 12
            entries.append((self.text(name), Tensor(name.start, dimensions, shape, kind, offset)))
        start = math.ceil(position / alignment) * alignment
        self.tensors = {
            name: Tensor(entry.name, entry.dimensions, entry.shape, entry.kind, start + entry.data)
            for name, entry in entries
        }

    def unpack(self, layout: str, position: int) -> tuple:
        return struct.unpack_from(layout, self.content, position)

    def string(self, position: int) -> tuple[slice, int]:
        """Where a string's bytes lie, and where it ends."""
        (length,) = self.unpack("<Q", position)
        return slice(position + 8, position + 8 + length), position + 8 + length

    def text(self, place: slice) -> str:
        return self.content[place].decode()

    def end_of_value(self, kind: int, position: int) -> int:
        if kind == STRING:
            return self.string(position)[1]
        if kind != ARRAY:
            return position + VALUE_BYTES[kind]
        kind, count = self.unpack("<IQ", position)
        position += 12
        if kind in VALUE_BYTES:
            return position + count * VALUE_BYTES[kind]
        for _ in range(count):
            position = self.end_of_value(kind, position)
        return position

    def floats(self, name: str) -> list[float]:
        """The numbers of a float32 tensor, such as a norm."""
        tensor = self.tensors[name]
        if tensor.kind != FLOAT32:
            raise SystemExit(f"{name} is not float32")
        return list(self.unpack(f"<{math.prod(tensor.shape)}f", tensor.data))

    def set_floats(self, name: str, values: list[float]) -> None:
        struct.pack_into(f"<{len(values)}f", self.content, self.tensors[name].data, *values)

    def rename(self, name: str, other: str) -> None:
        """Gives a tensor another name of the same length."""
        start = self.tensors[name].name
        self.content[start : start + len(name.encode())] = other.encode()

    def set_dimension(self, name: str, size: int) -> None:
        """Changes a tensor's first dimension, and nothing of its data."""
        struct.pack_into("<Q", self.content, self.tensors[name].dimensions, size)
