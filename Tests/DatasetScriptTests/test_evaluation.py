"""The tasks' rows, from sources in the published formats."""

import json
import re
import unittest

import scripts

from corpora import evaluation
from corpora.failure import Failure

TRANSLATIONS = """Package: heron
Description-en: Heron for the desktop
 A Heron that stands on the screen:
  - it waits,
  - it strikes.
 .
 Another paragraph.

Package: stork
Description-en: nests on windows
 Storks nest on windows; a stork claps.
"""


def example(text: str, **scores: int) -> "dict[str, object]":
    return {"input": text, "target_scores": scores}


class EvaluationTests(unittest.TestCase):
    def test_rows_are_chosen_in_the_order_of_their_numbers(self) -> None:
        self.assertEqual(evaluation.chosen(["a", "b", "c"], [2, 0]), ["c", "a"])
        for number in (3, -1):
            with self.subTest(number=number), self.assertRaisesRegex(Failure, f"row {number} of 3"):
                evaluation.chosen(["a", "b", "c"], [0, number])

    def test_pairs_of_2017_come_from_both_parts(self) -> None:
        dev = "g\ts\t2016\t1\t1.0\ta\tb\ng\ts\t2017\t1\t2.500\tc  d\te\n"
        test = "g\ts\t2017\t1\t3\tf\tg\n"
        self.assertEqual(
            evaluation.similarity_2017(dev, test),
            [{"id": 0, "s1": "c  d", "s2": "e", "score": 2.5}, {"id": 1, "s1": "f", "s2": "g", "score": 3.0}],
        )
        self.assertEqual(
            evaluation.similarity_dev(dev, [1]),
            [{"id": 0, "s1": "c  d", "s2": "e", "score": 2.5, "genre": "g", "src": "s"}],
        )

    def test_a_packages_name_is_masked_as_a_word(self) -> None:
        for name, text, expected in (
            ("heron", "Heron and herons", "it and herons"),
            ("c++", "c++ is not c", "c++ is not c"),
            ("a.b", "a.b axb", "it axb"),
        ):
            with self.subTest(name=name):
                self.assertEqual(evaluation.masked(name, text), expected)

    def test_first_paragraphs_are_found_by_short_lines(self) -> None:
        self.assertEqual(
            evaluation.package_retrieval(TRANSLATIONS, ["heron", "stork"], 1),
            [
                {"kind": "doc", "id": "d0", "text": "A it that stands on the screen: - it waits, - it strikes."},
                {"kind": "doc", "id": "d1", "text": "Storks nest on windows; a it claps."},
                {"kind": "query", "id": "q0", "text": "it for the desktop"},
                {"kind": "qrel", "qid": "q0", "did": "d0", "rel": 1},
            ],
        )
        with self.assertRaisesRegex(Failure, "crane"):
            evaluation.package_retrieval(TRANSLATIONS, ["heron", "crane"], 1)

    def test_examples_with_scores_become_right_and_wrong_answers(self) -> None:
        self.assertEqual(
            evaluation.reranking(["why?"], [example("", one=0, two=1, three=0)]),
            [{"query": "why?", "positive": ["two"], "negative": ["one", "three"]}],
        )

    def test_goals_are_taken_out_of_their_prompts(self) -> None:
        prompt = "The most reasonable step of 'Feed a Heron's Young' is "
        self.assertEqual(evaluation.goal(prompt), "Feed a Heron's Young")
        with self.assertRaises(Failure):
            evaluation.goal("Feed a heron")

    def test_claims_are_true_or_not(self) -> None:
        rows = [
            {"input": "Herons: they fish.\nClaim: Herons fish.", "target_scores": scores}
            for scores in ({"True": 1, "False": 0}, {"True": 0, "False": 1})
        ]
        self.assertEqual(
            evaluation.claims(rows),
            [{"s1": "Herons fish.", "s2": "Herons: they fish.", "label": label} for label in (1, 0)],
        )

    def test_articles_and_postings_are_cut_to_their_first_words(self) -> None:
        article = " \n".join(f"w{number}" for number in range(300))
        found = evaluation.summaries([{"input": article, "target": "short"}])
        self.assertEqual((len(found[0]["doc"].split(" ")), found[0]["summary"]), (200, "short"))
        lines = ["Group\tText", "d\tstring", "class\t", f"birds\t{article.replace(chr(10), '')}\r"]
        found = evaluation.newsgroups(lines, [0])
        self.assertEqual((len(found[0]["text"].split(" ")), found[0]["label"]), (100, "birds"))

    def test_questions_and_reviews_have_a_label_and_a_split(self) -> None:
        piece = {"rows": [1, 0], "train": [1]}
        self.assertEqual(
            evaluation.questions(["NUM:count How many herons ?", "ENTY:animal What claps ?"], piece),
            [
                {"text": "What claps ?", "label": "ENTY", "split": "train"},
                {"text": "How many herons ?", "label": "NUM", "split": "test"},
            ],
        )
        self.assertEqual(
            evaluation.reviews(["1_1\t-2.5\tit never claps.", "1_2\t1.5\tit claps well. "], piece),
            [
                {"text": "it claps well.", "label": "pos", "split": "train"},
                {"text": "it never claps.", "label": "neg", "split": "test"},
            ],
        )

    def test_a_task_that_came_out_otherwise_ends_the_run(self) -> None:
        digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        evaluation.require_as_measured("task", "abc", digest)
        with self.assertRaisesRegex(Failure, "task came out"):
            evaluation.require_as_measured("task", "abd", digest)

    def test_each_task_has_a_slice_with_a_digest_and_rows_once(self) -> None:
        slices = json.loads((scripts.DATASETS / "evaluation-slices.json").read_text(encoding="utf-8"))
        self.assertEqual(set(slices), set(evaluation.TASKS))
        for name, piece in slices.items():
            with self.subTest(task=name):
                self.assertTrue(re.fullmatch("[0-9a-f]{64}", piece["sha256"]))
                rows = piece.get("rows", piece.get("packages", []))
                self.assertEqual(len(rows), len(set(rows)))
                self.assertLessEqual(set(piece.get("train", [])), set(rows))


if __name__ == "__main__":
    unittest.main()
