"""mteb with a task of this file's sentences; the model is mteb's own for servers that speak OpenAI's dialect, as docs/api.md has it."""

import itertools
import unittest

import mteb
from client_case import ClientCase, embed, run_snippet, snippets
from datasets import Dataset
from mteb.abstasks.sts import AbsTaskSTS
from mteb.abstasks.task_metadata import TaskMetadata
from scipy.stats import spearmanr

BATCH = 32
SUBJECTS = ["The cat", "A doctor", "The old ship", "My neighbour", "The parliament"]
DEEDS = ["sleeps on the warm roof", "signs a letter", "crosses the northern sea", "buys bread", "counts the votes"]
TIMES = ["at dawn", "in winter", "every Monday", "before the storm"]


def pairs():
    """100 sentences in order, each with one that shares some of its parts: the more, the higher the score."""
    parts = list(itertools.product(SUBJECTS, DEEDS, TIMES))
    for number, first in enumerate(parts):
        # 37 has no factor in common with their number: every sentence stands once on each side.
        second = first if number % 10 == 0 else parts[number * 37 % len(parts)]
        shared = sum(a == b for a, b in zip(first, second))
        yield {"sentence1": " ".join(first) + ".", "sentence2": " ".join(second) + "!", "score": float(shared)}


class MadeSentences(AbsTaskSTS):
    """Pairs of made sentences, on no hub."""

    metadata = TaskMetadata(
        name="MadeSentences", description="Pairs of sentences made of parts, scored by how many they share.",
        type="STS", category="t2t", modalities=["text"], eval_splits=["test"], eval_langs=["eng-Latn"],
        main_score="cosine_spearman", dataset={"path": "local/made-sentences", "revision": "1"}, reference=None,
        date=("2025-01-01", "2025-01-01"), domains=["Written"], task_subtypes=[], license="apache-2.0",
        annotations_creators="derived", dialect=[], sample_creation="created", bibtex_citation="")
    min_score = 0
    max_score = 3

    def load_data(self, *_, **__):
        self.dataset = {"test": Dataset.from_list(list(pairs()))}
        self.data_loaded = True


class MTEBTests(ClientCase):
    def test_a_task_scores_as_the_vectors_of_embed_do(self):
        [snippet] = [snippet for snippet in snippets() if "mteb" in snippet]
        model = run_snippet(snippet)["model"]
        result = mteb.evaluate(
            model, MadeSentences(), cache=None, encode_kwargs={"batch_size": BATCH}, show_progress_bar=False,
            co2_tracker=False)
        score = result.task_results[0].scores["test"][0]["cosine_spearman"]

        rows = list(pairs())
        sides = [self.vectors([row[name] for row in rows]) for name in ("sentence1", "sentence2")]
        cosines = [sum(a * b for a, b in zip(*pair)) for pair in zip(*sides)]
        self.assertAlmostEqual(score, spearmanr(cosines, [row["score"] for row in rows]).statistic, places=3)
        self.assertGreater(score, 0.3)

    @staticmethod
    def vectors(texts):
        return [vector for start in range(0, len(texts), BATCH) for vector in embed(texts[start:start + BATCH])]


if __name__ == "__main__":
    unittest.main()
