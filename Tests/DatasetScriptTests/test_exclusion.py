"""Texts of the evaluation are known again."""

import json
import tempfile
import unittest
from pathlib import Path

import scripts  # noqa: F401

from corpora.exclusion import Exclusion, read_texts
from corpora.failure import Failure

LONG = "The heron stands for hours in the shallow water of the lake and waits."


class ExclusionTests(unittest.TestCase):
    def test_a_text_is_known_in_other_case_space_and_punctuation(self) -> None:
        exclusion = Exclusion([LONG, "Reeds"])
        for text, expected in ((LONG, True), (LONG.upper() + "!", True), ("reeds", True), ("reed", False), ("", False)):
            with self.subTest(text=text):
                self.assertEqual(exclusion.has(text, "birds"), expected)
        self.assertEqual(exclusion.exact_matches, {"birds": 3})

    def test_a_text_that_shares_most_words_with_a_long_one_is_near(self) -> None:
        exclusion = Exclusion([LONG, "a short one"])
        for text, expected in (
            (LONG.replace("heron", "stork"), True),
            ("The heron stands for hours by the road.", False),
            ("On days without wind " + LONG + " Then it flies to the trees, where it sleeps until noon.", True),
            ("a short one", False),
            ("", False),
        ):
            with self.subTest(text=text):
                self.assertEqual(exclusion.has_near(text, "birds"), expected)

    def test_all_texts_of_all_kinds_of_rows_are_read(self) -> None:
        rows = (
            {"s1": "one", "s2": "two", "score": 3},
            {"query": "three", "positive": ["four"], "negative": ["five", "six"]},
            {"kind": "doc", "id": "d0", "text": "seven"},
            {"kind": "qrel", "qid": "q0", "did": "d0", "rel": 1},
            {"doc": "eight", "summary": "nine"},
        )
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, "task.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            found = read_texts(Path(directory))
        self.assertEqual(found, ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])

    def test_a_directory_without_tasks_and_a_damaged_task_end_the_run(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaisesRegex(Failure, "holds no evaluation files"):
                read_texts(Path(directory))
            Path(directory, "task.jsonl").write_text('{"text": "one"}\n{"text": \n')
            with self.assertRaisesRegex(Failure, "task.jsonl:2"):
                read_texts(Path(directory))


if __name__ == "__main__":
    unittest.main()
