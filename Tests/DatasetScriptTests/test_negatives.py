"""Which text becomes a hard negative."""

import unittest

import scripts  # noqa: F401

from corpora.negatives import Candidate, mine


def candidate(query: str, positive: str, section: str = "birds", origin: "str | None" = None) -> Candidate:
    return Candidate(query, positive, section, origin or query)


HERON = candidate("heron food", "a heron catches fish and frogs in the shallow water of the lake")
STORK = candidate("stork food", "a stork catches frogs and large insects on the wet meadows")
TRAIN = candidate("train", "the train leaves the station at noon")


class NegativesTests(unittest.TestCase):
    def test_the_negative_is_the_most_similar_other_positive(self) -> None:
        found = {triplet.query: triplet for triplet in mine([HERON, STORK, TRAIN], "test")}
        self.assertEqual(found["heron food"].negative, STORK.positive)
        self.assertEqual(found["stork food"].negative, HERON.positive)
        self.assertEqual(found["heron food"].source, "test")

    def test_another_section_gives_no_negative(self) -> None:
        elsewhere = Candidate(STORK.query, STORK.positive, "storks", STORK.origin)
        self.assertEqual(mine([HERON, elsewhere], "test"), [])

    def test_the_same_origin_gives_no_negative(self) -> None:
        first = candidate("heron food", HERON.positive, origin="lake")
        second = candidate("stork food", STORK.positive, origin="lake")
        self.assertEqual(mine([first, second], "test"), [])

    def test_a_text_in_nearly_the_same_words_is_no_negative(self) -> None:
        again = candidate("what herons eat", HERON.positive + " too")
        found = {triplet.query: triplet.negative for triplet in mine([HERON, again, STORK], "test")}
        self.assertEqual(found["heron food"], STORK.positive)

    def test_a_text_in_nearly_the_words_of_the_query_is_no_negative(self) -> None:
        asked = candidate("a stork catches frogs and large insects on the meadows", HERON.positive)
        self.assertEqual([triplet for triplet in mine([asked, STORK], "test") if triplet.query == asked.query], [])

    def test_the_order_of_the_candidates_does_not_matter(self) -> None:
        there = mine([HERON, STORK, TRAIN], "test")
        back = mine([TRAIN, STORK, HERON], "test")
        self.assertEqual(set(there), set(back))


if __name__ == "__main__":
    unittest.main()
