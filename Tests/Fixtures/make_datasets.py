#!/usr/bin/env python3
"""Makes datasets.json: what plain Python makes of splits, shuffles and mined negatives.

    python3 Tests/Fixtures/make_datasets.py > Tests/Fixtures/datasets.json

It needs nothing but the standard library.
"""

import hashlib
import json
import math
import unicodedata

MASK = (1 << 64) - 1


# Random numbers: SplitMix64 (Steele, Lea and Flood 2014), bounded by Lemire's method (2019).


def mixed(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


class SplitMix64:
    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return mixed(self.state)

    def below(self, bound: int) -> int:
        while True:
            high, low = divmod(self.next() * bound, 1 << 64)
            # Of 2^64 numbers so many are left over once each result has equally many.
            if low >= (1 << 64) % bound:
                return high


def epoch_order(count: int, seed: int, epoch: int) -> "list[int]":
    generator = SplitMix64(mixed((mixed(seed) + epoch) & MASK))
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = generator.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


# The split: a hash of seed and query.


def text_digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def held_out(queries: "list[str]", seed: int, fraction: float) -> "list[int]":
    return [
        index
        for index, query in enumerate(queries)
        if mixed((mixed(seed) + (text_digest(query) & MASK)) & MASK) < fraction * 2.0**64
    ]


# Negatives: BM25.


def words(text: str) -> "list[str]":
    found, word = [], ""
    for character in text + " ":
        code = ord(character)
        alone = 0x3040 <= code <= 0x30FF or 0x4E00 <= code <= 0x9FFF
        part = unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mn", "Mc")
        if part and not alone:
            word += character
            continue
        if word:
            found.append(word.lower())
        word = ""
        if alone:
            found.append(character)
    return found


def bm25(documents: "list[str]", query: str, k1: float = 1.2, b: float = 0.75) -> "list[float]":
    tokens = [words(document) for document in documents]
    mean = sum(map(len, tokens)) / len(tokens)
    scores = []
    for document in tokens:
        score = 0.0
        for word in words(query):
            having = sum(word in other for other in tokens)
            weight = math.log(1 + (len(tokens) - having + 0.5) / (having + 0.5))
            occurrences = document.count(word)
            score += weight * occurrences * (k1 + 1) / (occurrences + k1 * (1 - b + b * len(document) / mean))
        scores.append(score)
    return scores


def negatives(pairs: "list[tuple[str, str]]") -> "list[str | None]":
    documents = list(dict.fromkeys(positive for _, positive in pairs))
    mined: "list[str | None]" = []
    for query, positive in pairs:
        answers = {own for other, own in pairs if other == query}
        scores = bm25(documents, query)
        best = None
        for index in sorted(range(len(documents)), key=lambda index: (-scores[index], index)):
            candidate = documents[index]
            if scores[index] == 0 or candidate == query or candidate in answers:
                continue
            if any(jaccard(candidate, own) >= 0.6 for own in answers):
                continue
            best = candidate
            break
        mined.append(best)
    return mined


def jaccard(first: str, second: str) -> float:
    one, two = set(words(first)), set(words(second))
    return len(one & two) / len(one | two) if one | two else 1.0


PAIRS = [
    ("Where does the heron nest?", "The heron nests in tall alders beside the slow river."),
    ("Where does the heron nest?", "Herons build their platforms of sticks high in trees, often many together."),
    ("What does a heron eat?", "A heron eats fish, frogs and now and then a vole."),
    ("What does a stork eat?", "A stork eats frogs, worms and large insects."),
    ("What do storks feed on?", "A stork eats frogs, worms, mice and large insects."),
    ("How is slate split?", "Slate is split along its cleavage with a broad chisel and a light mallet."),
    ("What holds a slate roof?", "Each slate hangs on two copper nails driven into battens."),
    ("Why do battens rot?", "Battens rot where water stands behind a slipped slate."),
    ("How long does copper last on a roof?", "Copper on a roof lasts more than a century and turns green."),
    ("When is the river lowest?", "The river is lowest in September, before the autumn rain."),
    ("Wann führt der Fluss Hochwasser?", "Der Fluss führt im März Hochwasser, wenn der Schnee schmilzt."),
    ("Wann schmilzt der Schnee?", "Der Schnee schmilzt im März, in schattigen Tälern erst im Mai."),
    ("川はいつ低いですか", "川は九月に一番低くなる。"),
    ("山はいつ白いですか", "山は十二月から白くなる。"),
    ("What does E=mc² say?", "Mass and energy are one quantity in two units."),
    ("zzz qqq", "Nothing shares a word with this one's question."),
]


def main() -> None:
    generator = SplitMix64(42)
    bounds = [1, 2, 3, 10, 1000, 1 << 32, (1 << 63) + 1]
    queries = [f"question {number}" for number in range(400)]
    documents = list(dict.fromkeys(positive for _, positive in PAIRS))
    golden = {
        "splitmix64": {"seed": 42, "numbers": [str(generator.next()) for _ in range(8)]},
        "below": [
            {"bound": str(bound), "numbers": [str(number) for number in numbers]}
            for bound in bounds
            for generator in [SplitMix64(bound)]
            for numbers in [[generator.below(bound) for _ in range(6)]]
        ],
        "orders": [
            {"count": count, "seed": str(seed), "epoch": epoch, "order": epoch_order(count, seed, epoch)}
            for count, seed, epoch in [(0, 1, 0), (1, 1, 0), (7, 0, 0), (7, 0, 1), (50, MASK, 3), (50, 17, 1000)]
        ],
        "held_out": [
            {"seed": str(seed), "fraction": fraction, "indices": held_out(queries, seed, fraction)}
            for seed, fraction in [(0, 0.05), (1, 0.05), (MASK, 0.05), (0, 0.25)]
        ],
        "queries": queries,
        "pairs": [list(pair) for pair in PAIRS],
        "documents": documents,
        "words": [words(text) for text in documents],
        "scores": [bm25(documents, query) for query, _ in PAIRS],
        "negatives": negatives(PAIRS),
    }
    print(json.dumps(golden, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
