"""The files that are written."""

import hashlib
import json
import tempfile
import unittest
from pathlib import Path

import scripts  # noqa: F401

from corpora.examples import Text, Triplet, by_source, in_seeded_order, line, write

EXAMPLES = [Text(f"text {number}", "lake" if number % 2 else "sea") for number in range(50)]


class ExamplesTests(unittest.TestCase):
    def test_rows_have_the_keys_that_prepare_reads(self) -> None:
        triplet = Triplet("who fishes?", "herons do", "trains do", "lake")
        self.assertEqual(
            line(triplet.row()),
            '{"query": "who fishes?", "positive": "herons do", "negative": "trains do", "source": "lake"}\n',
        )
        self.assertEqual(line(Text("čáp\u2028", "lake").row()), '{"text": "čáp\u2028", "source": "lake"}\n')

    def test_the_order_depends_on_the_seed_and_not_on_the_order_of_before(self) -> None:
        there, back = in_seeded_order(EXAMPLES, "a"), in_seeded_order(reversed(EXAMPLES), "a")
        self.assertEqual(there, back)
        self.assertNotEqual(there, in_seeded_order(EXAMPLES, "b"))
        self.assertEqual(set(there), set(EXAMPLES))

    def test_examples_are_counted_by_source(self) -> None:
        self.assertEqual(by_source(EXAMPLES), {"lake": 25, "sea": 25})

    def test_a_file_is_written_as_a_whole_and_described(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "built" / "file.json"
            described = write(path, json.dumps("čáp"))
            content = path.read_bytes()
            self.assertEqual([file.name for file in path.parent.iterdir()], ["file.json"])
        self.assertEqual(described, {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


if __name__ == "__main__":
    unittest.main()
