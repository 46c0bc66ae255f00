"""What goes into a request together."""

from __future__ import annotations

import unittest

from place import row
from grace_spark.batches import Limits, batches
from grace_spark.rows import LONGEST_TEXT


def sizes(texts: list[str], limits: Limits) -> list[int]:
    given = [row(str(number), text) for number, text in enumerate(texts)]
    found = list(batches(given, limits))
    assert [one for batch in found for one in batch] == given
    return [len(batch) for batch in found]


class BatchTests(unittest.TestCase):
    def test_a_batch_is_full_by_texts_or_by_tokens(self) -> None:
        short = Limits(texts=4, tokens=8192, rationale_tokens=0)
        alone = short.tokens_of("a" * 300)
        for texts, limits, expected in (
            ([], short, []),
            (["a"] * 9, short, [4, 4, 1]),
            (["a" * 300] * 5, Limits(4, 2 * alone, 0), [2, 2, 1]),
            (["a" * 300] * 5, Limits(4, 2 * alone - 1, 0), [1] * 5),
            (["a", "a" * 90_000, "a", "a"], short, [1, 1, 2]),
            (["a"] * 4, Limits(4, 2000, rationale_tokens=900), [2, 2]),
            (["a" * (LONGEST_TEXT // 2 + 1)] * 2, Limits(4, 10**9, 0), [1, 1]),
        ):
            with self.subTest(texts=[len(text) for text in texts], limits=limits):
                self.assertEqual(sizes(texts, limits), expected)

    def test_tokens_are_not_estimated_too_low(self) -> None:
        limits = Limits(32, 8192, 32)
        # As the default model's /tokenize counts them, with the prompt.
        for text, tokens in TOKENS:
            self.assertGreaterEqual(limits.tokens_of(text), tokens + 32)


TOKENS = [("The cat sleeps.", 51)]

if __name__ == "__main__":
    unittest.main()
