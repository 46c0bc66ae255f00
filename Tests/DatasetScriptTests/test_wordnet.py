"""A dictionary of three birds in the format of WordNet's database."""

import tempfile
import unittest
from pathlib import Path

import scripts  # noqa: F401

from corpora import wordnet
from corpora.exclusion import Exclusion
from corpora.failure import Failure

LICENCE = "  1 This is set in, as a licence is.\n"
CRANE_BIRD = 'a tall bird of wet meadows that dances in spring; "two cranes danced at dawn"'
CRANE_MACHINE = 'a machine that lifts heavy loads by a cable; "the crane lifted a beam"; "no crane"'
CRANE_VERB = 'stretch the neck in order to see; "she craned to see"- an onlooker'
FILES = {
    "data.noun": LICENCE
    + f"00000100 05 n 02 crane 0 marsh_crane 0 001 @ 00000001 n 0000 | {CRANE_BIRD}  \n"
    + f"00000200 06 n 01 crane 1 000 | {CRANE_MACHINE}  \n",
    "index.noun": LICENCE + "crane n 2 1 @ 2 1 00000200 00000100  \nmarsh_crane n 1 1 @ 1 0 00000100  \n",
    "noun.exc": "",
    "data.verb": LICENCE + f"00000100 38 v 01 Crane 0 000 01 + 02 00 | {CRANE_VERB}  \n",
    "index.verb": LICENCE + "crane v 1 0 1 0 00000100  \n",
    "verb.exc": "flown fly\n",
    "data.adj": LICENCE + "00000100 00 s 01 grey(a) 0 000 | of the colour of rain  \n",
    "index.adj": LICENCE + "grey a 1 0 1 0 00000100  \n",
    "adj.exc": "",
    "data.adv": LICENCE,
    "index.adv": LICENCE,
    "adv.exc": "",
}


def read(files: "dict[str, str]") -> wordnet.WordNet:
    with tempfile.TemporaryDirectory() as directory:
        for name, content in files.items():
            Path(directory, name).write_text(content, encoding="utf-8")
        return wordnet.read(Path(directory))


class WordNetTests(unittest.TestCase):
    def test_a_gloss_is_a_definition_and_examples(self) -> None:
        for gloss, expected in (
            ("a bird", ("a bird", ())),
            ('a bird; "a bird flew"; "birds fly"', ("a bird", ("a bird flew", "birds fly"))),
            ('a bird; of water; "it swam"- an onlooker', ("a bird; of water", ("it swam",))),
            ('"it swam"', ("", ("it swam",))),
            ('a so-called "bird"; "it flew"', ('a so-called "bird"', ("it flew",))),
        ):
            with self.subTest(gloss=gloss):
                self.assertEqual(wordnet.split_gloss(gloss), expected)

    def test_the_files_are_read_with_the_senses_in_their_order(self) -> None:
        database = read(FILES)
        self.assertEqual(database.senses["noun", "crane"], [("noun", 200), ("noun", 100)])
        self.assertEqual(database.synsets["noun", 100].lemmas, ("crane", "marsh_crane"))
        self.assertEqual(database.synsets["adj", 100].lemmas, ("grey",))
        self.assertEqual(database.synsets["verb", 100].examples, ("she craned to see",))

    def test_inflected_words_are_found(self) -> None:
        database = read(FILES)
        for spoken, lemmas, part, expected in (
            ("two cranes danced", ("crane",), "noun", "crane"),
            ("she craned to see", ("crane",), "verb", "crane"),
            ("it has flown away", ("fly",), "verb", "fly"),
            ("they were hopping", ("hop",), "verb", "hop"),
            ("the greyest day", ("grey",), "adj", "grey"),
            ("Marsh cranes are shy", ("grey", "marsh_crane"), "noun", "marsh_crane"),
            ("a cranium was found", ("crane",), "noun", None),
            ("cranes", ("marsh_crane",), "noun", None),
            ("anything", ("'",), "noun", None),
        ):
            with self.subTest(spoken=spoken):
                self.assertEqual(wordnet.word_of(spoken, lemmas, part, database), expected)

    def test_an_example_asks_for_its_gloss_and_the_most_frequent_other_sense_is_wrong(self) -> None:
        found = {triplet.query: triplet for triplet in wordnet.triplets(read(FILES))}
        # An example of two words says too little.
        self.assertEqual(set(found), {"two cranes danced at dawn", "the crane lifted a beam", "she craned to see"})
        bird = "a tall bird of wet meadows that dances in spring"
        machine = "a machine that lifts heavy loads by a cable"
        self.assertEqual(found["two cranes danced at dawn"].positive, bird)
        self.assertEqual(found["two cranes danced at dawn"].negative, machine)
        self.assertEqual(found["the crane lifted a beam"].negative, bird)
        # There is one verb: the negative is of another part of speech.
        self.assertEqual(found["she craned to see"].negative, machine)

    def test_what_the_evaluation_has_is_in_no_triplet_and_no_text(self) -> None:
        exclusion = Exclusion(["A machine that lifts heavy loads by a cable.", "She craned to see!"])
        database = wordnet.without_evaluation(read(FILES), exclusion)
        triplets = wordnet.triplets(database)
        self.assertEqual([triplet.query for triplet in triplets], ["two cranes danced at dawn"])
        self.assertEqual(triplets[0].negative, "stretch the neck in order to see")
        self.assertNotIn("a machine that lifts heavy loads by a cable", [text.text for text in wordnet.texts(database)])
        self.assertEqual(exclusion.exact_matches["wordnet"], 2)

    def test_texts_are_definitions_once_each(self) -> None:
        repeated = {**FILES, "data.adv": LICENCE + "00000300 02 r 01 greyly 0 000 | of the colour of rain  \n"}
        found = [text.text for text in wordnet.texts(read(repeated))]
        self.assertEqual(found.count("of the colour of rain"), 1)
        self.assertEqual(len(found), 4)

    def test_a_damaged_line_is_named(self) -> None:
        with self.assertRaisesRegex(Failure, "data.adv:2"):
            read({**FILES, "data.adv": LICENCE + "not a synset\n"})


if __name__ == "__main__":
    unittest.main()
