"""The job on Spark inside one process, with a scripted service: what it reads, writes and refuses."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any

import place  # noqa: F401, of modules
from scripted_service import FINGERPRINT, LONGEST, OTHER_FINGERPRINT, ScriptedService, vector

MISSING = [name for name in ("pyspark", "pyarrow") if not importlib.util.find_spec(name)]
MISSING += [] if shutil.which("java") else ["java"]


@unittest.skipIf(MISSING, f"{' and '.join(MISSING)} not there")
class JobTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        import embed
        from pyspark.sql import SparkSession

        cls.embed = embed
        # A failed task is tried again, as on a cluster.
        builder = SparkSession.builder.master("local[2,2]").config("spark.ui.enabled", False)
        cls.spark = builder.config("spark.sql.shuffle.partitions", 4).getOrCreate()
        cls.spark.sparkContext.setLogLevel("OFF")
        cls.addClassCleanup(cls.spark.stop)
        archive = tempfile.TemporaryDirectory()
        cls.addClassCleanup(archive.cleanup)
        embed.ship(cls.spark.sparkContext, Path(archive.name))

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.output = self.directory / "output"
        self.service = ScriptedService()
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)

    def run_job(self, *inputs: Path, **options: Any) -> Any:
        arguments = ["--service", self.service.url, "--output", str(self.output), "--patience-seconds", "20"]
        arguments += ["--input", *map(str, inputs)]
        for name, value in options.items():
            arguments += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
        return self.embed.job.run(self.spark, self.embed.settings_of(self.embed.parsed(arguments), "test"))

    def lines(self, name: str, *records: Any) -> Path:
        path = self.directory / name
        encoded = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)
        path.write_bytes(b"".join(line + b"\n" for line in encoded))
        return path

    def table(self, kind: str) -> list[dict[str, Any]]:
        """The rows of an output as Spark reads them, by id."""
        path = self.output / kind
        found = [row.asDict() for row in self.spark.read.parquet(str(path)).collect()] if path.exists() else []
        return sorted(found, key=lambda row: row["id"] or "")

    def test_each_row_has_its_vector_or_its_reason(self) -> None:
        first = self.lines("a.jsonl", *({"id": number, "text": f"Text {number}."} for number in range(50)),
                           b"", b"\xff", b"no JSON", {"id": "long", "text": "a" * (LONGEST + 1)},
                           {"id": "empty", "text": ""}, {"id": 7, "text": "again"})
        second = self.lines("b.jsonl", {"id": "8", "text": "other file"}, b"\r", {"id": "last", "text": "The last."})
        self.service.troubles = [(429, {"Retry-After": "1"}), None, (503, {})]
        summary = self.run_job(first, second, chunk_rows=20)
        self.assertEqual((summary.rows, summary.embedded, summary.rejected, summary.chunks), (57, 51, 6, 3))
        expected = {**{str(number): f"Text {number}." for number in range(50)}, "last": "The last."}
        vectors = self.table("vectors")
        self.assertEqual([row["id"] for row in vectors], sorted(expected))
        for row in vectors:
            self.assertEqual((row["fingerprint"], tuple(row["vector"])), (FINGERPRINT, vector(expected[row["id"]])))
        reasons = [(row["id"], row["reason"], Path(row["source"]).name) for row in self.table("rejected")]
        self.assertEqual(set(reasons), {
            (None, "not_utf8", "a.jsonl"), (None, "not_json", "a.jsonl"), ("long", "too_long", "a.jsonl"),
            ("empty", "empty", "a.jsonl"), ("7", "duplicate_id", "a.jsonl"), ("8", "duplicate_id", "b.jsonl")})
        # With the text that is embedded to see whether the service takes such requests.
        self.assertEqual(sorted(self.service.embedded()), sorted([self.embed.job.PROBE, *expected.values()]))
        self.assertEqual(sorted(path.name for path in self.output.iterdir()), ["_manifest.json", "rejected", "vectors"])

    def test_columns_of_parquet_are_read_and_rationales_written(self) -> None:
        import pyarrow
        import pyarrow.parquet

        path = self.directory / "texts.parquet"
        table = {"number": pyarrow.array([3, None, 1, 3], pyarrow.int32()), "body. of": ["c", "n", None, "again"]}
        pyarrow.parquet.write_table(pyarrow.table(table), path, row_group_size=2)
        columns = {"id_column": "number", "text_column": "body. of"}
        summary = self.run_job(path, **columns, rationales=True, max_rationale_tokens=5)
        self.assertEqual((summary.rows, summary.embedded, summary.rejected), (4, 1, 3))
        row, = self.table("vectors")
        self.assertEqual((row["id"], tuple(row["vector"]), row["rationale"]), ("3", vector("c"), "It says c."))
        self.assertEqual(sorted(row["reason"] for row in self.table("rejected")), ["duplicate_id", "no_id", "no_text"])
        self.assertEqual({body["max_rationale_tokens"] for _, body, _ in self.service.requests}, {5})
        for column in ("nothing", "number"):
            with self.assertRaises(self.embed.job.InputError):
                self.run_job(path, text_column=column)

    def test_a_run_goes_on_where_one_failed_and_does_nothing_twice(self) -> None:
        texts = self.lines("a.jsonl", *({"id": number, "text": f"Text {number}."} for number in range(400)))
        answered = self.service.embedded
        self.service.fails_after = 20
        with self.assertRaisesRegex(Exception, "answered 401"):
            self.run_job(texts, chunk_rows=40)
        done = len(list((self.output / "vectors").iterdir()))
        self.assertGreater(done, 0)
        self.assertLess(done, 10)
        self.service.fails_after = None
        before = len(answered())
        summary = self.run_job(texts, chunk_rows=40)
        self.assertEqual(summary.embedded, 400)
        # A task that was under way when the run failed may have ended its chunk since they were counted.
        self.assertGreaterEqual(summary.chunks_before, done)
        self.assertLess(summary.chunks_before, 10)
        self.assertEqual(len(self.table("vectors")), len({row["id"] for row in self.table("vectors")}))
        self.assertLess(len(answered()) - before, 400)
        again = self.run_job(texts, chunk_rows=40)
        self.assertEqual((again.embedded, again.chunks_before), (400, 10))

    def test_vectors_of_two_checkpoints_do_not_come_into_one_output(self) -> None:
        texts = self.lines("a.jsonl", *({"id": number, "text": f"Text {number}."} for number in range(400)))
        self.service.swaps_after = 20
        with self.assertRaisesRegex(Exception, "x-grace-checkpoint of an answer"):
            self.run_job(texts, chunk_rows=40)
        self.assertEqual({row["fingerprint"] for row in self.table("vectors")}, {FINGERPRINT})
        with self.assertRaisesRegex(Exception, f"is Reader@{OTHER_FINGERPRINT[:12]}"):
            self.run_job(texts, chunk_rows=40)

    def test_an_output_is_gone_on_with_as_it_was_begun(self) -> None:
        texts = self.lines("a.jsonl", {"id": 1, "text": "a"})
        self.run_job(texts)
        ManifestError = self.embed.ManifestError
        for options, field in (({"max_rationale_tokens": 9}, "fields"), ({"rationales": True}, "rationales"),
                               ({"truncate": "left"}, "fields")):
            with self.assertRaisesRegex(ManifestError, f"made with {field}"):
                self.run_job(texts, **options)
        self.lines("a.jsonl", {"id": 1, "text": "b"}, {"id": 2, "text": "c"})
        with self.assertRaisesRegex(ManifestError, "made with input"):
            self.run_job(texts)

    def test_what_no_request_can_ask_ends_the_run_before_a_row_is_rejected(self) -> None:
        texts = self.lines("a.jsonl", {"id": 1, "text": "a"})
        # Spark tries once more.
        self.service.troubles = [(422, {})] * 2
        with self.assertRaisesRegex(Exception, "a request for one text is refused"):
            self.run_job(texts)
        self.assertFalse(self.output.exists())

    def test_an_output_that_hosts_do_not_have_in_common_is_refused(self) -> None:
        self.output = "s3://bucket/vectors"
        with self.assertRaisesRegex(ValueError, "a directory that all hosts have in common"):
            self.run_job(self.directory)


if __name__ == "__main__":
    unittest.main()
