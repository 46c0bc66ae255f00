"""Entries in the format of dictd."""

import gzip
import tempfile
import unittest
from pathlib import Path

import scripts  # noqa: F401

from corpora import foldoc
from corpora.exclusion import Exclusion
from corpora.failure import Failure

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
HERON = """heron protocol
HP

   <networking> (HP) A {protocol} by which {birds
   (http://birds.example/)} agree on who fishes where.

   It has two rounds.

   See also {stork protocol}.

   (2001-02-03)

"""
TABLE = """stork code

   A code in which each number of claps stands for a letter of
   the alphabet:

          A   one clap
          B   two claps

   No one uses it.

"""


def base_64(number: int) -> str:
    digits = DIGITS[number % 64]
    while number >= 64:
        number //= 64
        digits = DIGITS[number % 64] + digits
    return digits


class FoldocTests(unittest.TestCase):
    def test_numbers_are_in_base_64(self) -> None:
        for number in (0, 1, 63, 64, 4095, 4096, 5_578_809):
            with self.subTest(number=number):
                self.assertEqual(foldoc.number(base_64(number)), number)
        with self.assertRaises(ValueError):
            foldoc.number("A-")

    def test_an_entry_of_several_words_is_read_once_and_the_databases_own_are_not(self) -> None:
        index = "00-database-url\tA\tB\nb\tC\tD\nB\tC\tD\na\tB\tC\n"
        self.assertEqual(foldoc.places(index), [(1, 2), (2, 3)])

    def test_a_damaged_index_is_named_with_its_line(self) -> None:
        for index in ("a\tA\tB\nb\tA\n", "a\tA\tB\nb\tA\t?\n"):
            with self.subTest(index=index), self.assertRaisesRegex(Failure, "line 2"):
                foldoc.places(index)

    def test_an_entry_becomes_running_text(self) -> None:
        self.assertEqual(
            foldoc.entry_text(HERON),
            "heron protocol: (HP) A protocol by which birds agree on who fishes where. It has two rounds.",
        )

    def test_an_entry_ends_before_a_table(self) -> None:
        self.assertEqual(
            foldoc.entry_text(TABLE),
            "stork code: A code in which each number of claps stands for a letter of the alphabet:",
        )

    def test_entries_of_few_words_are_no_texts(self) -> None:
        for entry in ("", "heron", "heron\n\n   A bird.\n", "heron\n\n   See {stork protocol}.\n"):
            with self.subTest(entry=entry):
                self.assertIsNone(foldoc.entry_text(entry))

    def write(self, directory: str, index: str) -> Path:
        base = Path(directory) / "usr" / "share" / "dictd"
        base.mkdir(parents=True)
        (base / "foldoc.dict.dz").write_bytes(gzip.compress((HERON + TABLE).encode()))
        (base / "foldoc.index").write_text(index)
        return Path(directory)

    def test_a_dictionary_is_read_without_what_the_evaluation_has(self) -> None:
        first, second = base_64(len(HERON)), base_64(len(TABLE))
        with tempfile.TemporaryDirectory() as directory:
            entries = foldoc.read(self.write(directory, f"stork code\t{first}\t{second}\nheron\tA\t{first}\n"))
        self.assertEqual([entry.split(":")[0] for entry in entries], ["heron protocol", "stork code"])
        found = foldoc.texts([*entries, *entries], Exclusion([entries[1].upper()]))
        self.assertEqual([text.text for text in found], entries[:1])

    def test_an_entry_beyond_the_dictionary_ends_the_run(self) -> None:
        with tempfile.TemporaryDirectory() as directory, self.assertRaisesRegex(Failure, "beyond"):
            foldoc.read(self.write(directory, "heron\tA\t////\n"))


if __name__ == "__main__":
    unittest.main()
