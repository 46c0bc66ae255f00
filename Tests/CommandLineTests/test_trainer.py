"""grace-trainer as a user runs it: from a file of texts to a checkpoint that was exported, and what goes wrong on the way.

    TRAINER=.build-test/release/grace-trainer python3 -m unittest discover --start-directory Tests/CommandLineTests
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRAINER = Path(os.environ.get("TRAINER", ROOT / ".build-test/release/grace-trainer"))
MODEL = ROOT / "Tests/Fixtures/reference/tiny-qwen2"

QUICK = [
    "--lora-rank", "2", "--learning-rate", "1e-3", "--batch", "2", "--update-batch", "2", "--rollouts", "2",
    "--max-rationale-tokens", "4", "--max-prompt-tokens", "400", "--truncated-reward", "keep", "--threads", "1",
    "--judge-every", "2", "--save-every", "1",
]


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TRAINER, *map(str, arguments)], capture_output=True, text=True, timeout=240, **options)


def triplets(count: int) -> list[dict[str, str]]:
    colours = ["red", "blue", "green", "yellow", "black", "white"]
    return [
        {"query": f"A {colours[i % 6]} bird, number {i}.", "positive": f"Bird {i} has {colours[i % 6]} feathers.",
         "negative": f"Bird {i} has {colours[(i + 1) % 6]} feathers."}
        for i in range(count)
    ]


def names(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


class TrainerTests(unittest.TestCase):
    """Every test has a directory with prepared data in it."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name)
        texts = self.path / "birds.jsonl"
        texts.write_text("".join(json.dumps(row) + "\n" for row in triplets(12)))
        self.data = self.path / "birds.prepared"
        self.run_directory = self.path / "run"
        self.expect(0, run("prepare", texts, "--output", self.data, "--model", MODEL, "--held-out", "4"))

    def expect(self, code: int, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def train(self, *options: object, **how: object) -> subprocess.CompletedProcess[str]:
        return run("train", "--model", MODEL, "--data", self.data, "--output", self.run_directory, *QUICK, *options, **how)

    def metrics(self) -> list[dict[str, float]]:
        return [json.loads(line) for line in (self.run_directory / "metrics.jsonl").read_text().splitlines()]

    def checkpoints(self) -> list[Path]:
        return sorted((self.run_directory / "checkpoints").glob("step-*"))

    def test_from_texts_to_an_exported_checkpoint_and_a_report(self) -> None:
        self.expect(0, self.train("--steps", "3", "--commit", "abc123"))
        self.assertEqual([line["step"] for line in self.metrics()], [0, 1, 2, 3])
        self.assertIn("held_out_margin_rise", self.metrics()[-1])
        last = self.checkpoints()[-1]
        self.assertLessEqual({"adapter_config.json", "adapter_model.safetensors", "grace.json"}, names(last))
        merged = self.path / "merged"
        self.expect(0, run("export", last, merged, "--base", MODEL))
        self.assertLessEqual({"config.json", "model.safetensors", "tokenizer.json", "grace.json"}, names(merged))
        for directory in [last, merged]:
            provenance = json.loads((directory / "grace.json").read_text())["training"]
            self.assertRegex(provenance["data_sha256"], "^[0-9a-f]{64}$")
            self.assertRegex(provenance["program"]["sha256"], "^[0-9a-f]{64}$")
            self.assertEqual(provenance["program"]["commit"], "abc123")
            self.assertEqual(provenance["configuration"]["lora_rank"], 2)
            self.assertEqual(provenance["metrics"]["step"], 3)
        self.expect(0, run("report", self.run_directory))
        page = (self.run_directory / "report.html").read_text()
        self.assertIn("Rise of the held-out margin", page)
        self.assertNotIn("http://", page.replace("http://www.w3.org", ""))

    def test_a_run_that_is_there_is_not_overwritten_and_goes_on_when_asked(self) -> None:
        self.expect(0, self.train("--steps", "2"))
        before = self.metrics()
        self.assertIn("--resume", self.expect(1, self.train("--steps", "3")).stderr)
        self.assertEqual(self.metrics(), before)
        self.expect(0, self.train("--steps", "3", "--resume"))
        self.assertEqual([line["step"] for line in self.metrics()], [0, 1, 2, 3])

    def test_an_interrupted_run_finishes_its_step_and_saves(self) -> None:
        with subprocess.Popen(
            [TRAINER, "train", "--model", MODEL, "--data", self.data, "--output", self.run_directory, *QUICK,
             "--epochs", "100000", "--save-every", "100000"],
            stderr=subprocess.PIPE, text=True) as running:
            for line in running.stderr or []:
                if line.startswith("step 1 "):
                    break
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)
        self.assertEqual(running.returncode, 0)
        self.assertEqual([int(path.name.removeprefix("step-")) for path in self.checkpoints()],
                         [self.metrics()[-1]["step"]])

    def test_weights_that_become_no_numbers_end_the_run_and_leave_the_last_checkpoint(self) -> None:
        self.expect(0, self.train("--steps", "1"))
        kept = {file.name: file.read_bytes() for file in self.checkpoints()[0].iterdir()}
        done = self.expect(1, self.train("--steps", "4", "--resume", "--learning-rate", "1e38"))
        self.assertRegex(done.stderr, "a trained weight is (-?inf|nan)")
        self.assertEqual({file.name: file.read_bytes() for file in self.checkpoints()[0].iterdir()}, kept)

    def test_a_full_disk_ends_the_run_with_the_file_and_leaves_the_last_checkpoint(self) -> None:
        self.expect(0, self.train("--steps", "1"))
        kept = {file.name: file.read_bytes() for file in self.checkpoints()[0].iterdir()}
        largest = max(map(len, kept.values()))

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2))

        done = self.expect(1, self.train("--steps", "3", "--resume", preexec_fn=limit))
        self.assertIn("step-000002", done.stderr)
        self.assertEqual([path.name for path in self.checkpoints()], ["step-000001"])
        self.assertEqual({file.name: file.read_bytes() for file in self.checkpoints()[0].iterdir()}, kept)
        self.expect(0, self.train("--steps", "3", "--resume"))
        self.assertEqual([line["step"] for line in self.metrics()], [0, 1, 2, 3])

    def test_what_is_wrong_with_options_is_said_with_the_value(self) -> None:
        for options, code, said in [
            (["--rollouts", "0"], 64, "--rollouts"),
            (["--lora-target", "elephant"], 64, "elephant"),
            (["--base-precision", "bfloat16", "--rollout-precision", "int8"], 64, "int8"),
            (["--base-precision", "bfloat16", "--lora-rank", "0"], 64, "--base-precision"),
            (["--lora-dropout", "0.1"], 64, "--lora-dropout"),
            (["--data", self.path / "none.prepared"], 1, "none.prepared"),
            (["--model", self.path / "none"], 1, "none"),
            (["--max-prompt-tokens", "100000"], 1, "100000"),
        ]:
            with self.subTest(options):
                self.assertIn(said, self.expect(code, self.train("--steps", "1", *options)).stderr)
                self.assertFalse(self.checkpoints())

    def test_a_dry_run_says_what_a_run_would_take_and_writes_nothing(self) -> None:
        said = self.expect(0, self.train("--dry-run", "--base-precision", "bfloat16")).stdout
        for part in ["memory", "time a step", "time in all"]:
            self.assertIn(part, said)
        self.assertFalse(self.run_directory.exists())


if __name__ == "__main__":
    unittest.main()
