"""FOLDOC, the Free On-line Dictionary of Computing, as dict(1) has it: entries of up to some paragraphs."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from .examples import Text
from .exclusion import Exclusion
from .failure import Failure
from .fetching import Package
from .words import folded, one_line, words

SOURCE = "foldoc"
PACKAGE = Package(
    name="dict-foldoc",
    version="20230119-1",
    sha256="745cbedb55c2da609cc88ee0284e9d11a67a11ae3709daf7bad0e895ac3294c3",
    date="2023-01-19",
    licence="GNU Free Documentation License 1.1 or later, without invariant sections",
)
_DIGITS = {
    digit: value
    for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_FEWEST_WORDS = 8
_MOST_WORDS = 200
_MOST_BYTES = 64 << 20


def number(digits: str) -> int:
    """A number as dictd's index writes it: in base 64, the first digit the most significant."""
    value = 0
    for digit in digits:
        if digit not in _DIGITS:
            raise ValueError(f"{digit!r} is no digit of base 64")
        value = value * 64 + _DIGITS[digit]
    return value


def places(index: str) -> list[tuple[int, int]]:
    """Where the entries are: first byte and number of bytes, each once, in order. Several words may have one entry."""
    found = set()
    for row, line in enumerate(index.splitlines(), start=1):
        word, *rest = line.split("\t")
        if len(rest) < 2:
            raise Failure(f"line {row} of the index has {len(rest) + 1} fields, expected 3")
        if word.startswith("00-database") or word.startswith("00database"):
            continue
        try:
            found.add((number(rest[0]), number(rest[1])))
        except ValueError as error:
            raise Failure(f"line {row} of the index: {error}") from error
    return sorted(found)


def _plain(paragraph: str) -> str:
    # {cross-references} lose their braces; a link's target is no text.
    paragraph = re.sub(r"\{([^{}]*?)\s*\((?:https?|ftp|news)[^{}]*\)\s*\}", r"\1", paragraph)
    return one_line(paragraph.replace("{", "").replace("}", ""))


def _is_note(paragraph: str) -> bool:
    """Dates, literature, and references alone."""
    return bool(re.fullmatch(r"\(\d{4}-\d\d-\d\d\)|\[.*\]\.?|(?:See|See also|Compare|Contrast)\b[^.]*\.?", paragraph))


def entry_text(entry: str) -> str | None:
    """An entry as running text: its word, a colon, and its first paragraphs; None where there is not much."""
    head, _, body = entry.partition("\n\n")
    headword = one_line(head.split("\n")[0])
    taken: list[str] = []
    count = 0
    for block in re.split(r"\n\s*\n", body):
        # What is set in further than text is an example, a table or a formula: the text has run into it.
        if re.search(r"^ {5,}\S", block, re.MULTILINE):
            break
        paragraph = re.sub(r"^(?:<[^<>]*>\s*)+", "", _plain(block))
        if not paragraph or _is_note(paragraph):
            continue
        count += len(words(paragraph))
        if count > _MOST_WORDS:
            break
        taken.append(paragraph)
    text = f"{headword}: {' '.join(taken)}"
    return text if headword and count >= _FEWEST_WORDS and taken else None


def read(directory: Path) -> list[str]:
    """The texts of the dictionary's entries, in its order."""
    base = directory / "usr" / "share" / "dictd"
    # dictzip is gzip with an index in its header.
    with gzip.open(base / "foldoc.dict.dz") as file:
        content = file.read(_MOST_BYTES)
    texts = []
    for start, length in places((base / "foldoc.index").read_text(encoding="utf-8")):
        if start + length > len(content):
            raise Failure(f"an entry of foldoc ends at {start + length}, beyond the dictionary's {len(content)} bytes")
        text = entry_text(content[start : start + length].decode("utf-8"))
        if text is not None:
            texts.append(text)
    return texts


def texts(entries: list[str], exclusion: Exclusion) -> list[Text]:
    """The entries, each once, without what the evaluation has."""
    found: dict[str, str] = {}
    for entry in entries:
        if not exclusion.has(entry, SOURCE):
            found.setdefault(folded(entry), entry)
    return [Text(entry, SOURCE) for entry in found.values()]
