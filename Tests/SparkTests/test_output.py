"""What an output says of itself, and its files, which are whole or not there."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import struct
import tempfile
import unittest
from pathlib import Path

from place import row
from grace_spark import files, manifest, rows
from grace_spark.manifest import Manifest, ManifestError
from grace_spark.rows import Reason
from grace_spark.service import Answer, Embedded

MADE = Manifest(
    input="1f", rows=3, id_column="id", text_column="text", fields={"max_rationale_tokens": 0}, rationales=False,
    chunks=2, checkpoint="Reader", fingerprint="0123", compute="int4/avx2", dimensions=2)


class OutputCase(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.output = Path(directory.name) / "output"


class ManifestTests(OutputCase):
    def test_a_run_goes_on_with_what_it_began(self) -> None:
        self.assertIsNone(manifest.read(self.output))
        manifest.write(self.output, MADE)
        self.assertEqual(manifest.read(self.output), MADE)
        manifest.write(self.output, MADE)

    def test_an_output_that_was_made_with_something_else_is_refused(self) -> None:
        manifest.write(self.output, MADE)
        for field, value in (("fingerprint", "4567"), ("compute", "int8/avx2"), ("input", "2f"), ("chunks", 3),
                             ("fields", {"max_rationale_tokens": 1}), ("rationales", True), ("text_column", "body")):
            with self.subTest(field=field), self.assertRaisesRegex(ManifestError, f"made with {field} "):
                manifest.write(self.output, dataclasses.replace(MADE, **{field: value}))
        self.assertEqual(manifest.read(self.output), MADE)

    def test_what_is_no_manifest_of_this_version_is_refused(self) -> None:
        self.output.mkdir()
        for text in ("", "[]", "{}", json.dumps({**dataclasses.asdict(MADE), "version": 2}),
                     json.dumps({**dataclasses.asdict(MADE), "more": 1})):
            (self.output / manifest.NAME).write_text(text)
            with self.subTest(text=text), self.assertRaises(ManifestError):
                manifest.read(self.output)

    def test_a_directory_that_is_not_the_drivers_is_refused(self) -> None:
        with self.assertRaisesRegex(ManifestError, "the same directory on all hosts"):
            manifest.hold(manifest.read(self.output), MADE)


class FileTests(OutputCase):
    def publish(self, text: str) -> bool:
        return files.publish(self.output, self.output / "vectors" / "one", lambda path: path.write_text(text) and None)

    def test_the_first_of_two_attempts_stays(self) -> None:
        self.assertTrue(self.publish("first"))
        self.assertFalse(self.publish("second"))
        self.assertEqual((self.output / "vectors" / "one").read_text(), "first")

    def test_an_attempt_that_is_overtaken_is_discarded(self) -> None:
        def write(path: Path) -> None:
            path.write_text("slow")
            self.assertTrue(self.publish("fast"))

        self.assertFalse(files.publish(self.output, self.output / "vectors" / "one", write))
        self.assertEqual((self.output / "vectors" / "one").read_text(), "fast")
        self.assertEqual(list((self.output / files.ATTEMPTS).iterdir()), [])

    def test_an_attempt_that_ends_half_way_leaves_no_file_of_the_output(self) -> None:
        def write(path: Path) -> None:
            path.write_text("ha")
            raise OSError("the disk is full")

        with self.assertRaises(OSError):
            files.publish(self.output, self.output / "vectors" / "one", write)
        self.assertEqual(list((self.output / "vectors").iterdir()), [])
        files.tidy(self.output)
        self.assertEqual([path.name for path in self.output.iterdir()], ["vectors"])


@unittest.skipUnless(importlib.util.find_spec("pyarrow"), "pyarrow is not there")
class ChunkTests(OutputCase):
    def write(self, chunk: int, ids: list[str], rationale: str | None = None) -> None:
        from grace_spark import chunks

        embedded = [Embedded(id, Answer(struct.pack("<2f", 1.5, len(id)), rationale)) for id in ids]
        rejections = [rows.rejected(row("x" + id, "\0"), Reason.REFUSED, "why") for id in ids[:1]]
        chunks.write(self.output, chunk, embedded, rejections, 2, "0123", rationale is not None)

    def test_files_hold_the_rows_and_two_attempts_have_the_same_bytes(self) -> None:
        import pyarrow.parquet
        from grace_spark import chunks

        self.write(3, ["a", "bb"], "why")
        path = self.output / "vectors" / "chunk-000003.parquet"
        self.assertEqual(pyarrow.parquet.read_table(path).to_pylist(), [
            {"id": "a", "vector": [1.5, 1], "fingerprint": "0123", "rationale": "why"},
            {"id": "bb", "vector": [1.5, 2], "fingerprint": "0123", "rationale": "why"}])
        rejected = pyarrow.parquet.read_table(self.output / "rejected" / "chunk-000003.parquet").to_pylist()
        self.assertEqual(rejected, [
            {"id": "xa", "reason": "refused", "detail": "why", "source": "a.jsonl", "excerpt": "\0"}])
        first = path.read_bytes()
        path.unlink()
        self.assertEqual(chunks.done(self.output), set())
        self.write(3, ["a", "bb"], "why")
        self.assertEqual(path.read_bytes(), first)

    def test_a_chunk_without_rows_is_done_as_well(self) -> None:
        from grace_spark import chunks

        self.assertEqual(chunks.done(self.output), set())
        self.write(0, ["a"])
        self.write(12, [])
        (self.output / "vectors" / "chunk-000001.parquet.tmp").touch()
        self.assertEqual(chunks.done(self.output), {0, 12})
        self.assertEqual((chunks.rows_in(self.output, "vectors"), chunks.rows_in(self.output, "rejected")), (1, 1))


if __name__ == "__main__":
    unittest.main()
