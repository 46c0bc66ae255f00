"""Which rows are embedded, and why the others are not."""

from __future__ import annotations

import unittest

from place import row
from grace_spark import rows
from grace_spark.rows import Place, Reason, Rejection, Row

PLACE = Place("a.jsonl", 0, 7)


def of_line(line: bytes) -> Row | Rejection:
    return rows.of_line(PLACE, line, "id", "text")


class RowTests(unittest.TestCase):
    def test_a_line_with_an_id_and_a_text_is_a_row(self) -> None:
        for line, id, text in (
            (b'{"id": "a", "text": "The cat sleeps."}', "a", "The cat sleeps."),
            (b'{"id": 17, "text": " \xe7\x8c\xab\\n", "more": [1, null]}\r', "17", " 猫\n"),
        ):
            self.assertEqual(of_line(line), Row(PLACE, id, text))

    def test_each_line_that_is_none_has_its_reason(self) -> None:
        deep = b"[" * 100_000
        for line, reason, id in (
            (b"\xff", Reason.NOT_UTF8, None),
            (b"The cat sleeps.", Reason.NOT_JSON, None),
            (deep, Reason.NOT_JSON, None),
            (b"1" * 10_000, Reason.NOT_JSON, None),
            (b"[1]", Reason.NOT_AN_OBJECT, None),
            (b'{"text": "a"}', Reason.NO_ID, None),
            (b'{"id": "", "text": "a"}', Reason.NO_ID, None),
            (b'{"id": true, "text": "a"}', Reason.ID_TYPE, None),
            (b'{"id": 1.5, "text": "a"}', Reason.ID_TYPE, None),
            (b'{"id": "\\ud800", "text": "a"}', Reason.NOT_UTF8, None),
            (b'{"id": "a"}', Reason.NO_TEXT, "a"),
            (b'{"id": "a", "text": null}', Reason.NO_TEXT, "a"),
            (b'{"id": "a", "text": 5}', Reason.TEXT_TYPE, "a"),
            (b'{"id": "a", "text": "\\ud800"}', Reason.NOT_UTF8, "a"),
            (b'{"id": "a", "text": " \\n\\u3000"}', Reason.EMPTY, "a"),
            (b'{"id": "a", "text": "' + b"a" * (rows.LONGEST_TEXT + 1) + b'"}', Reason.TOO_LONG, "a"),
        ):
            with self.subTest(line=line[:40]):
                found = of_line(line)
                self.assertIsInstance(found, Rejection)
                self.assertEqual((found.reason, found.id, found.place), (reason, id, PLACE))
                self.assertLessEqual(len(found.excerpt), rows.EXCERPT)
                self.assertNotEqual(found.detail, "")

    def test_columns_are_read_as_lines_are(self) -> None:
        for id, text, expected in (
            (b"a", "猫".encode(), Row(PLACE, "a", "猫")),
            (17, b"a", Row(PLACE, "17", "a")),
            (None, b"a", Reason.NO_ID),
            (b"a", None, Reason.NO_TEXT),
            (b"a", b" ", Reason.EMPTY),
            (b"\xff", b"a", Reason.NOT_UTF8),
            (b"a", b"\xff", Reason.NOT_UTF8),
        ):
            with self.subTest(id=id, text=text):
                found = rows.of_columns(PLACE, id, text, "id", "text")
                self.assertEqual(found.reason if isinstance(found, Rejection) else found, expected)

    def test_of_equal_ids_the_first_in_the_input_is_kept(self) -> None:
        given = [row("b", "2", "b.jsonl"), row("a", "x"), row("b", "1", block=1), row("b", "0", number=9)]
        for order in (given, given[::-1]):
            kept, duplicates = rows.without_duplicates(order)
            self.assertEqual([(one.id, one.text) for one in kept], [("a", "x"), ("b", "0")])
            self.assertEqual([one.excerpt for one in duplicates], ["1", "2"])
            self.assertEqual({one.reason for one in duplicates}, {Reason.DUPLICATE_ID})

    def test_equal_ids_are_in_one_chunk_and_chunks_are_about_equal(self) -> None:
        sizes = [0] * 10
        for number in range(5000):
            chunk = rows.chunk_of(row(f"text {number}"), len(sizes))
            self.assertEqual(chunk, rows.chunk_of(row(f"text {number}", "else", "b.jsonl", 5, 6), len(sizes)))
            sizes[chunk] += 1
        self.assertGreater(min(sizes), 400)
        self.assertLess(max(sizes), 600)

    def test_the_chunk_of_a_row_stays_what_it_is(self) -> None:
        # Outputs that were begun are gone on with by it.
        self.assertEqual([rows.chunk_of(row(id), 1000) for id in ("a", "猫", "17")], CHUNKS)
        self.assertLess(rows.chunk_of(of_line(b"no row"), 3), 3)


CHUNKS = [907, 304, 282]

if __name__ == "__main__":
    unittest.main()
