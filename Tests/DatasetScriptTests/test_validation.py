"""The tasks that settings are chosen by."""

import json
import runpy
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

import scripts

from corpora import sts
from corpora.examples import Triplet
from corpora.failure import Failure

validation = SimpleNamespace(**runpy.run_path(str(scripts.DATASETS / "build-validation")))


def prepared(directory: Path, name: str, *rows: dict[str, str], **header: str) -> Path:
    path = directory / name
    first = {"format": "grace-dataset", "kind": "triplets", "negatives": "all", **header}
    path.write_text("".join(json.dumps(row) + "\n" for row in (first, *rows)), encoding="utf-8")
    return path


def row(split: str, number: int, negative: str = "n") -> dict[str, str]:
    return {
        "split": split,
        "query": f"query {number}",
        "positive": f"positive {number}",
        "negative": negative,
        "source": "debian",
    }


class ValidationTests(unittest.TestCase):
    def test_what_any_file_trains_on_is_no_task(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            paths = [
                prepared(Path(name), "a", row("train", 1), row("held-out", 2), row("held-out", 3), row("held-out", 4)),
                # That a text is somebody's negative makes it no example.
                prepared(Path(name), "b", row("train", 3), row("train", 5, negative="positive 4")),
            ]
            found = validation.held_out_everywhere([validation.Prepared.read(path) for path in paths])
        self.assertEqual({triplet.query for triplet in found}, {"query 2", "query 4"})

    def test_what_is_not_prepared_or_has_no_negatives_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            plain = Path(name) / "plain.jsonl"
            plain.write_text('{"query":"q","positive":"p"}\n')
            empty = Path(name) / "empty"
            empty.write_text("")
            texts = prepared(Path(name), "texts", kind="texts")
            for path, reason in ((plain, "not what"), (empty, "not what"), (texts, "no triplets")):
                with self.subTest(path=path.name), self.assertRaisesRegex(Failure, reason):
                    validation.Prepared.read(path)
            result = subprocess.run(
                [scripts.DATASETS / "build-validation", plain, f"--output={name}/out", f"--downloads={name}/downloads"],
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^build-validation: .*plain.jsonl is not what grace-trainer prepare writes\n$")

    def test_each_query_has_its_own_text_among_the_texts_and_negatives_of_all(self) -> None:
        triplets = [Triplet("q1", "p1", "p2", "debian"), Triplet("q2", "p2", "n2", "debian")]
        rows = list(validation.retrieval(triplets))
        documents = {row["id"]: row["text"] for row in rows if row["kind"] == "doc"}
        queries = {row["id"]: row["text"] for row in rows if row["kind"] == "query"}
        self.assertEqual(sorted(documents.values()), ["n2", "p1", "p2"])
        relevant = {queries[row["qid"]]: documents[row["did"]] for row in rows if row["kind"] == "qrel"}
        self.assertEqual(relevant, {"q1": "p1", "q2": "p2"})

    def test_pairs_of_sentences_that_are_trained_on_are_left_out(self) -> None:
        pairs = [sts.Pair("g", "s", "2099", score, f"first {score}", f"second {score}") for score in (1.0, 2.0, 3.0)]
        rows = list(validation.similarity(pairs, {"second 2.0"}))
        self.assertEqual({row["score"] for row in rows}, {1.0, 3.0})


if __name__ == "__main__":
    unittest.main()
