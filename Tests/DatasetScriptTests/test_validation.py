"""The tasks that settings are chosen by."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import ModuleType

import scripts

from corpora import sts
from corpora.examples import Triplet
from corpora.failure import Failure


def script(path: Path) -> ModuleType:
    """A command as a module."""
    loader = importlib.machinery.SourceFileLoader(path.name.replace("-", "_"), str(path))
    specification = importlib.util.spec_from_loader(loader.name, loader)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


validation = script(scripts.DATASETS / "build-validation")


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


STUB = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    print(json.dumps(arguments), file=log)
value = lambda name: pathlib.Path(arguments[arguments.index(name) + 1])
if arguments[0] == "prepare":
    value("--output").write_text("prepared")
elif arguments[0] == "train":
    for step in ("step-000020", "step-000060", "step-000100"):
        checkpoint = value("--output") / "checkpoints" / step
        checkpoint.mkdir(parents=True, exist_ok=True)
        (checkpoint / "adapter_model.safetensors").write_text(step)
        (checkpoint / "training_state.safetensors").write_text("moments")
    (value("--output") / "metrics.jsonl").write_text("")
elif arguments[0] == "evaluate":
    assert (value("--model").parent / "SmolLM2-135M-Instruct").is_dir()
    value("--output").write_text("results")
    print("a table")
else:
    sys.exit(3)
"""


class ExperimentTests(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.log = self.directory / "log"
        self.trainer = self.directory / "trainer"
        self.trainer.write_text(STUB.format(python=sys.executable, log=str(self.log)))
        self.trainer.chmod(0o755)
        built = self.directory / "built"
        (built / "evaluation").mkdir(parents=True)
        (built / "evaluation" / "xsum_summary_match.jsonl").write_text('{"doc": "An article.", "summary": "s"}\n')
        triplets = [{"query": f"q{i}", "positive": f"p{i}", "negative": "n", "source": "a"} for i in range(3)]
        (built / "supervised.jsonl").write_text("".join(json.dumps(row) + "\n" for row in triplets))

    def run_row(self, *arguments: str) -> list[list[str]]:
        experiments = script(scripts.DATASETS.parent / "Experiments" / "run-row")
        experiments.BASE = self.directory / "SmolLM2-135M-Instruct"
        experiments.BASE.mkdir(exist_ok=True)
        sys.argv = ["run-row", *arguments, f"--built={self.directory / 'built'}", f"--runs={self.directory / 'runs'}"]
        sys.argv.append(f"--trainer={self.trainer}")
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(experiments.main(), 0)
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def test_a_row_is_prepared_trained_and_scored_once(self) -> None:
        first = self.run_row("grace-supervised")
        self.assertEqual([call[0] for call in first], ["prepare", "train", "evaluate"])
        self.assertNotIn("--resume", first[1])
        scored = Path(first[2][first[2].index("--model") + 1])
        self.assertEqual((scored / "adapter_model.safetensors").read_text(), "step-000060")
        self.assertFalse((scored / "training_state.safetensors").exists())
        results = self.directory / "runs" / "results" / "grace-supervised.txt"
        self.assertEqual(results.read_text(), "a table\n")
        again = self.run_row("grace-supervised")[3:]
        self.assertEqual([call[0] for call in again], ["train"])
        self.assertIn("--resume", again[0])

    def test_a_row_that_goes_on_from_another_trains_that_first(self) -> None:
        calls = self.run_row("grace+contrastive")
        trained = [call for call in calls if call[0] == "train"]
        self.assertEqual(len(trained), 2)
        start = Path(trained[1][trained[1].index("--start-adapter") + 1])
        self.assertEqual(start, self.directory / "runs/grace-supervised/checkpoints/step-000060")

    def test_the_base_is_scored_as_it_is(self) -> None:
        [call] = self.run_row("base")
        self.assertEqual(call[0], "evaluate")
        self.assertEqual(Path(call[call.index("--model") + 1]).name, "SmolLM2-135M-Instruct")


if __name__ == "__main__":
    unittest.main()
