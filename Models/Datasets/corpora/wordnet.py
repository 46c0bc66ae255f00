"""WordNet: an example sentence asks for the gloss of its sense; the gloss of another sense of the word is wrong.

The files' format is that of wndb(5WN) of WordNet 3.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .examples import Text, Triplet
from .exclusion import Exclusion
from .failure import Failure
from .fetching import Package
from .negatives import MOST_SHARED
from .words import folded, jaccard, one_line, words

SOURCE = "wordnet"
PACKAGE = Package(
    name="wordnet-base",
    version="1:3.0-37",
    sha256="61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
    date="2006-12-06",
    licence="WordNet 3.0 licence (Princeton University): free use, copies and changes, with its notice",
)
PARTS = ("noun", "verb", "adj", "adv")
_FEWEST_WORDS = 3
# Morphy's rules of detachment, morphy(7WN): ending, and what takes its place.
_ENDINGS = {
    "noun": (
        ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
        ("ies", "y"),
    ),
    "verb": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}

Place = tuple[str, int]
"""Where a synset is: its part of speech, and its byte in that part's file."""


@dataclass(frozen=True)
class Synset:
    """One meaning: the words for it, what it is, and examples of its use."""

    lemmas: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]


@dataclass
class WordNet:
    """The synsets, and each lemma's senses by part of speech, the most frequent first."""

    synsets: dict[Place, Synset] = field(default_factory=dict)
    senses: dict[tuple[str, str], list[Place]] = field(default_factory=dict)
    exceptions: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def bases(self, word: str, part: str) -> list[str]:
        """The forms that a dictionary may have an inflected word under, itself the first."""
        endings = [word[: -len(end)] + base for end, base in _ENDINGS[part] if word.endswith(end)]
        doubled = [base[:-1] for base in endings if len(base) > 3 and base[-1] == base[-2]]
        return [word, *self.exceptions.get((part, word), []), *endings, *doubled]


def split_gloss(gloss: str) -> tuple[str, tuple[str, ...]]:
    """A gloss as its definition and its quoted examples; who is quoted is left out."""
    definition, *quoted = re.split(r'(?:^|;)\s*"', gloss)
    examples = (one_line(text.partition('"')[0]) for text in quoted)
    return one_line(definition).rstrip(" ;"), tuple(example for example in examples if example)


def read_synset(line: str) -> tuple[int, Synset]:
    """One line of a data file: the synset's offset, and the synset."""
    data, _, gloss = line.partition(" | ")
    fields = data.split(" ")
    count = int(fields[3], 16)
    lemmas = (re.sub(r"\([a-z]+\)$", "", word).lower() for word in fields[4 : 4 + 2 * count : 2])
    definition, examples = split_gloss(gloss)
    return int(fields[0]), Synset(tuple(lemmas), definition, examples)


def read_senses(line: str) -> tuple[str, list[int]]:
    """One line of an index file: the lemma, and its synsets' offsets."""
    fields = line.split()
    return fields[0], [int(offset) for offset in fields[-int(fields[2]) :]]


def _each_line(path: Path, take: Callable[[str], None]) -> None:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            # The licence in front of the data is set in by two spaces.
            if line.startswith("  "):
                continue
            try:
                take(line.rstrip("\n"))
            except (ValueError, IndexError) as error:
                raise Failure(f"{path}:{number}: {error}") from error


def _read_part(directory: Path, part: str, wordnet: WordNet) -> None:
    def synset(line: str) -> None:
        offset, found = read_synset(line)
        wordnet.synsets[part, offset] = found

    def senses(line: str) -> None:
        lemma, offsets = read_senses(line)
        wordnet.senses[part, lemma] = [(part, offset) for offset in offsets]

    def exception(line: str) -> None:
        inflected, *bases = line.split()
        wordnet.exceptions[part, inflected] = bases

    _each_line(directory / f"data.{part}", synset)
    _each_line(directory / f"index.{part}", senses)
    _each_line(directory / f"{part}.exc", exception)


def read(directory: Path) -> WordNet:
    """Reads the database files of a directory."""
    wordnet = WordNet()
    for part in PARTS:
        _read_part(directory, part, wordnet)
    return wordnet


def word_of(example: str, lemmas: tuple[str, ...], part: str, wordnet: WordNet) -> str | None:
    """The first of the lemmas that the example uses, in whatever form."""
    spoken = words(example)
    forms = [set(wordnet.bases(word, part)) for word in spoken]
    for lemma in lemmas:
        parts = words(lemma.replace("_", " "))
        for start in range(len(spoken) - len(parts) + 1 if parts else 0):
            if all(word in forms[start + place] for place, word in enumerate(parts)):
                return lemma
    return None


def other_sense(place: Place, lemma: str, wordnet: WordNet) -> Synset | None:
    """The most frequent other sense of a lemma that is not nearly the same, of the same part of speech if there is."""
    part = place[0]
    own = frozenset(words(wordnet.synsets[place].definition))
    for other_part in (part, *(other for other in PARTS if other != part)):
        for other in wordnet.senses.get((other_part, lemma), []):
            synset = wordnet.synsets.get(other)
            if synset is None or other == place or not synset.definition:
                continue
            if jaccard(own, frozenset(words(synset.definition))) < MOST_SHARED:
                return synset
    return None


def without_evaluation(wordnet: WordNet, exclusion: Exclusion) -> WordNet:
    """The database without the synsets and the examples that the evaluation has."""
    kept = WordNet(senses=wordnet.senses, exceptions=wordnet.exceptions)
    for place, synset in wordnet.synsets.items():
        if not exclusion.has(synset.definition, SOURCE):
            examples = tuple(text for text in synset.examples if not exclusion.has(text, SOURCE))
            kept.synsets[place] = Synset(synset.lemmas, synset.definition, examples)
    return kept


def triplets(wordnet: WordNet) -> list[Triplet]:
    """One triplet for each example sentence of a word with several senses."""
    found: dict[str, Triplet] = {}
    for place, synset in wordnet.synsets.items():
        for example in synset.examples:
            if len(words(example)) < _FEWEST_WORDS or folded(example) in found or not synset.definition:
                continue
            lemma = word_of(example, synset.lemmas, place[0], wordnet)
            other = other_sense(place, lemma, wordnet) if lemma else None
            if other is not None:
                found[folded(example)] = Triplet(example, synset.definition, other.definition, SOURCE)
    return list(found.values())


def texts(wordnet: WordNet) -> list[Text]:
    """Each definition of at least three words, once."""
    found: dict[str, str] = {}
    for synset in wordnet.synsets.values():
        if len(words(synset.definition)) >= _FEWEST_WORDS:
            found.setdefault(folded(synset.definition), synset.definition)
    return [Text(definition, SOURCE) for definition in found.values()]
