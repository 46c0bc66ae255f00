"""Texts as words, and the most similar of some texts."""

import random
import unittest

import scripts  # noqa: F401

from corpora.words import SimilarityIndex, folded, inverse_frequencies, jaccard, one_line, words


def bag(text: str) -> "frozenset[str]":
    return frozenset(words(text))


class WordsTests(unittest.TestCase):
    def test_texts_that_differ_in_case_space_and_punctuation_fold_to_the_same(self) -> None:
        for text in ("A heron, grey.", "a  HERON\tgrey", "«a» heron\n-- grey!"):
            with self.subTest(text=text):
                self.assertEqual(folded(text), "a heron grey")

    def test_folding_keeps_letters_of_all_scripts_and_digits(self) -> None:
        self.assertEqual(words("Straße 12_b, Čáp — コウノトリ"), ["strasse", "12", "b", "čáp", "コウノトリ"])

    def test_a_text_of_several_lines_becomes_one(self) -> None:
        self.assertEqual(one_line("  reeds \n\n and\twater "), "reeds and water")

    def test_jaccard_is_shared_words_over_all_words(self) -> None:
        for first, second, expected in (
            ("a b c", "b c d", 0.5),
            ("a b", "a b", 1.0),
            ("a", "b", 0.0),
            ("", "", 0.0),
            ("", "a", 0.0),
        ):
            with self.subTest(first=first, second=second):
                self.assertEqual(jaccard(bag(first), bag(second)), expected)

    def test_a_rare_word_weighs_more_than_a_common_one(self) -> None:
        weights = inverse_frequencies([bag("the heron"), bag("the stork"), bag("the crane")])
        self.assertEqual(weights["the"], 1.0)
        self.assertGreater(weights["heron"], weights["the"])


class SimilarityIndexTests(unittest.TestCase):
    texts = (
        "the heron stands in the shallow water and waits",
        "the stork builds a nest on the chimney",
        "the heron fishes in shallow water",
        "a train leaves the station at noon",
    )

    def setUp(self) -> None:
        self.documents = [bag(text) for text in self.texts]
        self.index = SimilarityIndex(self.documents, inverse_frequencies(self.documents))

    def test_a_text_is_most_similar_to_itself_with_similarity_one(self) -> None:
        for place, document in enumerate(self.documents):
            with self.subTest(place=place):
                self.assertEqual(self.index.nearest(document)[0], place)
                self.assertAlmostEqual(self.index.similarity(document, place), 1.0)

    def test_the_nearest_other_text_shares_the_rare_words(self) -> None:
        self.assertEqual(self.index.nearest(self.documents[0])[1], 2)

    def test_a_text_that_shares_no_word_is_near_to_none(self) -> None:
        self.assertEqual(self.index.nearest(bag("zebra quagga")), [])

    def test_no_more_than_asked_for_are_found(self) -> None:
        self.assertEqual(len(self.index.nearest(self.documents[0], 2)), 2)

    def test_the_nearest_are_those_that_a_comparison_with_all_finds(self) -> None:
        generator = random.Random(7)
        vocabulary = [f"w{number}" for number in range(40)]
        documents = [frozenset(generator.sample(vocabulary, generator.randint(3, 9))) for _ in range(45)]
        index = SimilarityIndex(documents, inverse_frequencies(documents))
        for document in documents:
            best = max(range(len(documents)), key=lambda place: (index.similarity(document, place), -place))
            self.assertEqual(index.nearest(document, len(documents))[0], best)


if __name__ == "__main__":
    unittest.main()
