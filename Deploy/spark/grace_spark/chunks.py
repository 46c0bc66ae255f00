"""The files of an output: one of vectors for each chunk, and one of rejections where there are any.

A chunk is done when its file of vectors is there. The names and the bytes of its files are decided by the chunk: of two
attempts at one the later is discarded, and if both were published at once, they would be equal.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .files import publish
from .rows import Rejection
from .service import Embedded

VECTORS, REJECTED = "vectors", "rejected"
NAME = re.compile(r"chunk-(\d+)\.parquet")

REJECTION_SCHEMA = pa.schema([
    ("id", pa.string()), ("reason", pa.string()), ("detail", pa.string()), ("source", pa.string()),
    ("excerpt", pa.string())])


def name(chunk: int) -> str:
    return f"chunk-{chunk:06d}.parquet"


def done(output: Path) -> set[int]:
    """The chunks whose vectors are there."""
    directory = output / VECTORS
    found = (NAME.fullmatch(file.name) for file in directory.iterdir()) if directory.is_dir() else ()
    return {int(match[1]) for match in found if match}


def rows_in(output: Path, kind: str) -> int:
    """How many rows all files of a kind have together."""
    return sum(pq.read_metadata(file).num_rows for file in sorted((output / kind).glob("chunk-*.parquet")))


def write(output: Path, chunk: int, rows: list[Embedded], rejections: list[Rejection], dimensions: int,
          fingerprint: str, rationales: bool) -> None:
    """Writes a chunk's files, that of its vectors last, unless they are there.

    Raises OSError.
    """
    if rejections:
        table = _rejections(sorted(rejections, key=lambda rejection: rejection.place))
        _commit(output, output / REJECTED / name(chunk), table)
    _commit(output, output / VECTORS / name(chunk), _vectors(rows, dimensions, fingerprint, rationales))


def _vectors(rows: list[Embedded], dimensions: int, fingerprint: str, rationales: bool) -> pa.Table:
    numbers = pa.Array.from_buffers(
        pa.float32(), len(rows) * dimensions, [None, pa.py_buffer(b"".join(row.answer.vector for row in rows))])
    columns = {
        "id": pa.array([row.id for row in rows], pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(numbers, dimensions),
        "fingerprint": pa.array([fingerprint] * len(rows), pa.string()),
    }
    if rationales:
        columns["rationale"] = pa.array([row.answer.rationale for row in rows], pa.string())
    return pa.table(columns)


def _rejections(rejections: list[Rejection]) -> pa.Table:
    records = [{"id": one.id, "reason": one.reason.value, "detail": one.detail, "source": one.place.source,
                "excerpt": one.excerpt.encode(errors="replace").decode()} for one in rejections]
    return pa.Table.from_pylist(records, REJECTION_SCHEMA)


def _commit(output: Path, path: Path, table: pa.Table) -> None:
    publish(output, path, lambda attempt: pq.write_table(table, attempt, use_dictionary=["fingerprint"]))
