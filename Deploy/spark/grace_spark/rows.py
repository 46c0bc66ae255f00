"""A row of the input: what is to be embedded, or why it cannot be."""

from __future__ import annotations

import enum
import json
import zlib
from dataclasses import dataclass
from typing import Any, Union

# Of a row that is refused, in characters.
EXCERPT = 500
# The longest text that is sent, in bytes of UTF-8: what a server takes is about twice that.
LONGEST_TEXT = 1 << 20


class Reason(str, enum.Enum):
    """Why a row has no vector: closed, for others look for it in the side table."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NO_ID = "no_id"
    ID_TYPE = "id_type"
    NO_TEXT = "no_text"
    TEXT_TYPE = "text_type"
    EMPTY = "empty"
    DUPLICATE_ID = "duplicate_id"
    TOO_LONG = "too_long"
    REFUSED = "refused"


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands: places of one input sort as its files and their rows do."""

    source: str
    block: int
    number: int


@dataclass(frozen=True)
class Row:
    """What is to be embedded."""

    place: Place
    id: str
    text: str


@dataclass(frozen=True)
class Rejection:
    """A row that has no vector; `detail` is for people."""

    place: Place
    id: str | None
    reason: Reason
    detail: str
    excerpt: str


Read = Union[Row, Rejection]


class _Refusal(Exception):
    def __init__(self, reason: Reason, detail: str, id: str | None = None) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail, self.id = reason, detail, id


def of_line(place: Place, line: bytes, id_field: str, text_field: str) -> Read:
    """The row of a line of JSON Lines."""
    try:
        value = _parsed(_decoded(line, "the line"))
        if not isinstance(value, dict):
            raise _Refusal(Reason.NOT_AN_OBJECT, f"expected an object, not {_kind(value)}")
        return _row(place, value.get(id_field), value.get(text_field), id_field, text_field)
    except _Refusal as refusal:
        excerpt = line[: 4 * EXCERPT].decode(errors="replace")[:EXCERPT]
        return Rejection(place, refusal.id, refusal.reason, refusal.detail, excerpt)


def of_columns(place: Place, id: bytes | int | None, text: bytes | None, id_field: str, text_field: str) -> Read:
    """The row of two columns, whose strings are given as the bytes that they are stored in."""
    try:
        decoded_id = _decoded(id, id_field) if isinstance(id, (bytes, bytearray)) else id
        decoded_text = _decoded(text, text_field, decoded_id) if text is not None else None
        return _row(place, decoded_id, decoded_text, id_field, text_field)
    except _Refusal as refusal:
        excerpt = bytes(text or b"")[: 4 * EXCERPT].decode(errors="replace")[:EXCERPT]
        return Rejection(place, refusal.id, refusal.reason, refusal.detail, excerpt)


def chunk_of(row: Read, chunks: int) -> int:
    """The chunk, of so many, that a row is in: decided by its id, so that equal ids meet."""
    key = row.id if row.id is not None else f"{row.place.source}\n{row.excerpt}"
    return zlib.crc32(key.encode(errors="replace")) % chunks


def without_duplicates(rows: list[Row]) -> tuple[list[Row], list[Rejection]]:
    """The first row of each id in the order of ids, and the others."""
    kept: list[Row] = []
    duplicates: list[Rejection] = []
    for row in sorted(rows, key=lambda row: (row.id, row.place)):
        if kept and kept[-1].id == row.id:
            detail = f"the id is in {kept[-1].place.source} before"
            duplicates.append(rejected(row, Reason.DUPLICATE_ID, detail))
        else:
            kept.append(row)
    return kept, duplicates


def rejected(row: Row, reason: Reason, detail: str) -> Rejection:
    """A row that was sound by itself, and has no vector."""
    return Rejection(row.place, row.id, reason, detail, row.text[:EXCERPT])


def _row(place: Place, id: Any, text: Any, id_field: str, text_field: str) -> Row:
    named = _id(id, id_field)
    if text is None:
        raise _Refusal(Reason.NO_TEXT, f"`{text_field}` is missing or null", named)
    if not isinstance(text, str):
        raise _Refusal(Reason.TEXT_TYPE, f"`{text_field}` must be a string, not {_kind(text)}", named)
    size = len(_encoded(text, text_field, named))
    if not text.strip():
        raise _Refusal(Reason.EMPTY, f"`{text_field}` is empty, or white space alone", named)
    if size > LONGEST_TEXT:
        raise _Refusal(Reason.TOO_LONG, f"`{text_field}` has {size} bytes, the limit is {LONGEST_TEXT}", named)
    return Row(place, named, text)


def _id(id: Any, field: str) -> str:
    if id is None or id == "":
        raise _Refusal(Reason.NO_ID, f"`{field}` is missing, null or empty")
    # A boolean is an integer in Python.
    if isinstance(id, bool) or not isinstance(id, (str, int)):
        raise _Refusal(Reason.ID_TYPE, f"`{field}` must be a string or a whole number, not {_kind(id)}")
    named = str(id)
    _encoded(named, field)
    return named


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    # A number of thousands of digits is a ValueError as well.
    except (ValueError, RecursionError) as error:
        raise _Refusal(Reason.NOT_JSON, str(error)) from error


def _decoded(data: bytes, what: str, id: Any = None) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError as error:
        detail = f"{what} is not UTF-8 at byte {error.start}"
        raise _Refusal(Reason.NOT_UTF8, detail, None if id is None else str(id)) from error


def _encoded(text: str, field: str, id: str | None = None) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:  # JSON can spell half of a surrogate pair
        raise _Refusal(Reason.NOT_UTF8, f"`{field}` is no Unicode at character {error.start}", id) from error


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "null")
