"""Pairs of sentences with scores."""

import unittest

import scripts  # noqa: F401

from corpora import sts
from corpora.exclusion import Exclusion
from corpora.failure import Failure


def row(score: str, first: str, second: str) -> str:
    return "\t".join(("main-birds", "lake", "2099test", "1", score, first, second))


HERON = row("4.5", "A heron catches a small fish.", "A small fish is caught by a grey heron.")
STORK = row("4.000", "A stork catches a frog.", "A frog is caught by a white stork.")


class SimilarityBenchmarkTests(unittest.TestCase):
    def test_rows_are_read_and_further_fields_passed_over(self) -> None:
        pair = sts.read(HERON + "\tlicence\tand more\n")[0]
        self.assertEqual((pair.genre, pair.source, pair.year, pair.score), ("main-birds", "lake", "2099test", 4.5))
        self.assertEqual(pair.first, "A heron catches a small fish.")

    def test_a_quotation_mark_is_part_of_a_sentence(self) -> None:
        pairs = sts.read(row("1", '"A heron', "A stork") + "\n" + HERON)
        self.assertEqual([pair.first for pair in pairs], ['"A heron', "A heron catches a small fish."])

    def test_damaged_rows_are_named(self) -> None:
        for content in (HERON + "\na\tb\n", HERON + "\n" + row("four", "a", "b")):
            with self.subTest(content=content), self.assertRaisesRegex(Failure, "line 2"):
                sts.read(content)

    def test_pairs_that_say_the_same_become_triplets(self) -> None:
        rows = (HERON, STORK, HERON, row("3.9", "A crane dances.", "A crane stands."), row("5", "A crane", "a crane."))
        found = {triplet.query: triplet for triplet in sts.triplets(sts.read("\n".join(rows)), Exclusion([]))}
        self.assertEqual(set(found), {"A heron catches a small fish.", "A stork catches a frog."})
        self.assertEqual(found["A stork catches a frog."].negative, "A small fish is caught by a grey heron.")

    def test_a_pair_with_a_sentence_of_the_evaluation_is_kept_out(self) -> None:
        crane = row("5", "A crane catches a beetle.", "A beetle is caught by a tall crane.")
        pairs = sts.read("\n".join((HERON, STORK, crane)))
        for text in ("a heron catches a small fish", "A small fish is caught by a GREY heron."):
            with self.subTest(text=text):
                for triplet in sts.triplets(pairs, Exclusion([text])):
                    self.assertNotIn("heron", " ".join(triplet.texts()))


if __name__ == "__main__":
    unittest.main()
