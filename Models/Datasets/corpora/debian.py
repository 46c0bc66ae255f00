"""Descriptions of Debian packages: the short line asks, the first paragraph of the long description answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .examples import Text, Triplet
from .exclusion import Exclusion
from .negatives import Candidate, mine
from .words import folded, one_line, words

SOURCE = "debian"
LICENCE = "each description has its package's licence (debian/* in its copyright file); Debian main is free software"
# What the evaluation's retrieval task is taken from.
EVALUATION_SECTIONS = frozenset({"games", "science"})
_FEWEST_WORDS = 8
# Later paragraphs that are shorter say little more than which of the package's files are here.
_FEWEST_WORDS_LATER = 15
_MOST_WORDS = 250
# Packages without a subject of their own, and descriptions that a tool writes, hundreds in the same words.
_EMPTY_SUBJECT = re.compile(
    r"transitional|dummy package|metapackage|meta-package|debug(ging)? symbols|empty package", re.IGNORECASE
)
_WRITTEN_BY_TOOLS = re.compile(r"packaged by debcargo|^This (meta)?package enables feature")


@dataclass(frozen=True)
class Description:
    """What Debian says of one package."""

    package: str
    source: str
    section: str
    short: str
    paragraphs: tuple[str, ...]


def stanzas(content: str) -> Iterator[dict[str, str]]:
    """The stanzas of a Debian control file; the lines of a field that goes on are kept, without their line ends."""
    for stanza in re.split(r"\n{2,}", content):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.split("\n"):
            if line[:1] in (" ", "\t"):
                if name:
                    fields[name] += "\n" + line
            elif ":" in line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
        if fields:
            yield fields


def paragraphs(lines: Iterable[str]) -> tuple[str, ...]:
    """The paragraphs of running text in a long description; lists and other lines set verbatim are left out."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == "." or line.startswith("  "):
            found.append([])
        else:
            found[-1].append(line)
    return tuple(one_line(" ".join(paragraph)) for paragraph in found if any(line.strip() for line in paragraph))


def descriptions(packages: str, translations: str) -> list[Description]:
    """Joins a `Packages` list with the `Translation-en` of its suite, by package and digest of the description."""
    longs: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for fields in stanzas(translations):
        short, *rest = fields.get("Description-en", "").split("\n")
        key = fields.get("Package", ""), fields.get("Description-md5", "")
        longs[key] = one_line(short), paragraphs(rest)
    found = []
    for fields in stanzas(packages):
        name = fields.get("Package", "")
        short, long = longs.get((name, fields.get("Description-md5", "")), ("", ()))
        if short and long:
            source = fields.get("Source", name).split(" ")[0]
            section = fields.get("Section", "").rpartition("/")[2]
            found.append(Description(name, source, section, short, long))
    return sorted(found, key=lambda description: description.package)


def kept_for_evaluation(described: Iterable[Description]) -> tuple[set[str], set[str]]:
    """The source packages that have a package in the evaluation's sections, and the folded paragraphs of all theirs."""
    described = list(described)
    sources = {one.source for one in described if one.section in EVALUATION_SECTIONS}
    texts = {folded(text) for one in described if one.source in sources for text in (one.short, *one.paragraphs)}
    return sources, texts


def for_training(described: Iterable[Description], exclusion: Exclusion) -> tuple[list[Description], int]:
    """What the evaluation does not hold: the descriptions, and how many were kept out by their source package.

    A description loses the paragraphs that the evaluation's sections have too, and goes if its short line is one.
    """
    described = list(described)
    sources, texts = kept_for_evaluation(described)
    others = [one for one in described if one.source not in sources]
    kept = []
    near: dict[str, bool] = {}

    def is_kept_out(text: str) -> bool:
        if text not in near:
            near[text] = folded(text) in texts or exclusion.has(text, SOURCE) or exclusion.has_near(text, SOURCE)
        return near[text]

    for one in others:
        left = tuple(text for text in one.paragraphs if not is_kept_out(text))
        # Without its first paragraph the second would be taken for what the short line asks for.
        if left[:1] == one.paragraphs[:1] and not is_kept_out(one.short):
            kept.append(Description(one.package, one.source, one.section, one.short, left))
    return kept, len(described) - len(others)


def _is_text(text: str, fewest: int = _FEWEST_WORDS) -> bool:
    return (
        fewest <= len(words(text)) <= _MOST_WORDS and text[-1] not in ":," and not _WRITTEN_BY_TOOLS.search(text)
    )


def triplets(described: Iterable[Description]) -> list[Triplet]:
    """One triplet for each short line and each first paragraph, of the package whose name comes first."""
    candidates: list[Candidate] = []
    shorts: set[str] = set()
    longs: set[str] = set()
    for one in described:
        short, long = folded(one.short), folded(one.paragraphs[0])
        if not _is_text(one.paragraphs[0]) or _EMPTY_SUBJECT.search(one.short) or short in shorts or long in longs:
            continue
        if len(words(one.short)) < 2:
            continue
        shorts.add(short)
        longs.add(long)
        candidates.append(Candidate(one.short, one.paragraphs[0], one.section, one.source))
    return mine(candidates, SOURCE)


def texts(described: Iterable[Description]) -> list[Text]:
    """Each paragraph of running text, once."""
    found: dict[str, str] = {}
    for one in described:
        for place, paragraph in enumerate(one.paragraphs):
            if _is_text(paragraph, _FEWEST_WORDS if place == 0 else _FEWEST_WORDS_LATER):
                found.setdefault(folded(paragraph), paragraph)
    return [Text(paragraph, SOURCE) for paragraph in found.values()]
