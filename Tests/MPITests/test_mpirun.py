"""grace-trainer as mpirun starts it: several processes make the run that one makes by itself.

    swift build -c release --traits MPI --scratch-path .build-mpi --product grace-trainer
    TRAINER=.build-mpi/release/grace-trainer python3 -m unittest discover --start-directory Tests/MPITests

PLAIN_TRAINER names one that was built without MPI, if it is to be tested what that says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRAINER = Path(os.environ.get("TRAINER", ROOT / ".build-mpi/release/grace-trainer"))
MODEL = ROOT / "Tests/Fixtures/reference/tiny-qwen2"

# Weights that differ in their last bits rarely draw another token where rates are small and rollouts are not rounded;
# where they do, all that follows differs.
QUICK = [
    "--lora-rank", "2", "--learning-rate", "1e-4", "--rollout-precision", "float32", "--batch", "4",
    "--update-batch", "4", "--rollouts", "3", "--max-rationale-tokens", "6", "--max-prompt-tokens", "400",
    "--truncated-reward", "keep", "--threads", "1",
    "--judge-every", "2", "--save-every", "1", "--repel-queries-weight", "0.5",
]
# More processes than processors are fine here, and so is root, in a container.
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
# What clocks decide, and what depends on how sequences are packed.
INCIDENTAL = {
    "seconds", "rollout_seconds", "waiting_seconds", "communication_seconds", "tokens_per_second", "trained_tokens"}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=240, env=ENVIRONMENT)


def lines(directory: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


def steps(directory: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("step-")) for path in (directory / "checkpoints").glob("step-*"))


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


class MPIRunTests(unittest.TestCase):
    """Every test has a directory with prepared data in it."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name)
        texts = self.path / "birds.jsonl"
        with texts.open("w") as file:
            for index in range(12):
                row = {
                    "query": f"Bird {index}?", "positive": f"Bird {index} sings.", "negative": f"Fish {index} swims."}
                file.write(json.dumps(row) + "\n")
        self.data = self.path / "birds.prepared"
        self.expect(0, run(TRAINER, "prepare", texts, "--output", self.data, "--model", MODEL, "--held-out", 4))

    def expect(self, code: int, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def command(self, name: str, *options: object, processes: int, trainer: Path = TRAINER) -> list[str]:
        start = [*MPIRUN, "-n", processes] if processes > 1 else []
        train = [trainer, "train", "--model", MODEL, "--data", self.data, "--output", self.path / name, *QUICK]
        return list(map(str, [*start, *train, *options]))

    def train(self, name: str, *options: object, **how: object) -> subprocess.CompletedProcess[str]:
        return run(*self.command(name, *options, **how))

    def assert_same_curve(self, found: Path, expected: Path, tolerance: float) -> None:
        for one, other in zip(lines(found), lines(expected), strict=True):
            self.assertEqual(one.keys() - INCIDENTAL, other.keys() - INCIDENTAL)
            for name in one.keys() - INCIDENTAL:
                bound = tolerance * max(abs(other[name]), 1)
                self.assertAlmostEqual(one[name], other[name], delta=bound, msg=f"{name} of step {other['step']}")

    def test_several_processes_make_the_curve_of_one(self) -> None:
        for objective in ["grace", "contrastive", "grace+contrastive"]:
            options = ["--objective", objective, "--steps", 4, "--preservation-weight", "0.3"]
            self.expect(0, self.train(f"{objective}-1", *options, processes=1))
            for processes in [2, 3]:
                with self.subTest(objective=objective, processes=processes):
                    name = f"{objective}-{processes}"
                    done = self.expect(0, self.train(name, *options, processes=processes))
                    self.assertEqual(done.stderr.count("step 4 of 4"), 1, "one of them speaks for all")
                    self.assert_same_curve(self.path / name, self.path / f"{objective}-1", 1e-3)
                    self.assertIn("communication_seconds", lines(self.path / name)[-1])

    def test_other_numbers_of_processes_go_on_with_a_run(self) -> None:
        self.expect(0, self.train("whole", "--steps", 4, processes=1))
        self.expect(0, self.train("run", "--steps", 2, processes=2))
        self.expect(0, self.train("run", "--steps", 3, "--resume", processes=1))
        done = self.expect(0, self.train("run", "--steps", 4, "--resume", processes=3))
        self.assertIn("going on from step 3", done.stderr)
        found, expected = (
            [line["gradient_norm"] for line in lines(self.path / name)[1:]] for name in ["run", "whole"])
        self.assertEqual(len(found), 4)
        for one, other in zip(found, expected):
            self.assertAlmostEqual(one, other, delta=1e-3 * other)

    def test_a_process_that_is_killed_ends_the_run_and_leaves_the_last_checkpoint(self) -> None:
        for rank in [0, 1]:
            with self.subTest(rank=rank):
                name = f"run-{rank}"
                many = ["--epochs", 100000]
                command = self.command(name, *many, processes=2)
                with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
                    for line in running.stderr or []:
                        if line.startswith("step 3 "):
                            break
                    os.kill(children(running.pid)[rank], signal.SIGKILL)
                    said = running.communicate(timeout=60)[1]
                self.assertNotEqual(running.returncode, 0)
                self.assertIn("signal 9", said)
                last = steps(self.path / name)[-1]
                self.assertGreaterEqual(last, 3)
                done = self.expect(0, self.train(name, *many, "--resume", "--steps", last + 2, processes=1))
                self.assertIn(f"going on from step {last}", done.stderr)
                self.assertEqual([line["step"] for line in lines(self.path / name)], list(range(last + 3)))

    def test_a_signal_that_mpirun_passes_on_ends_the_run_after_its_step(self) -> None:
        command = self.command("run", "--epochs", 100000, "--save-every", 100000, processes=2)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as running:
            for line in running.stderr or []:
                if line.startswith("step 1 "):
                    break
            running.send_signal(signal.SIGUSR1)
            said = running.communicate(timeout=60)[1]
        self.assertEqual(running.returncode, 0, said)
        self.assertEqual(said.count("ending after this step"), 1)
        self.assertEqual(steps(self.path / "run"), [lines(self.path / "run")[-1]["step"]])

    def test_what_cannot_be_ends_all_processes_with_the_reason(self) -> None:
        self.expect(0, self.train("there", "--steps", 1, processes=1))
        for name, options, said in [
            ("many", ["--batch", 2], "3 processes would share steps of 2 examples"),
            ("there", [], "has a run already; --resume"),
            ("long", ["--micro-batch-tokens", 8], "a micro-batch has room for 8"),
        ]:
            with self.subTest(name):
                done = self.train(name, "--steps", 2, *options, processes=3)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(said, done.stderr)

    def test_processes_that_were_started_otherwise_are_refused(self) -> None:
        other = self.command("run", "--steps", 1, "--learning-rate", "1e-2", processes=1)
        done = run(*self.command("run", "--steps", 1, processes=2), ":", "-n", 1, *other)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("differ in what they were started with", done.stderr)

    def test_a_build_without_mpi_says_so(self) -> None:
        plain = os.environ.get("PLAIN_TRAINER")
        if plain is None:
            self.skipTest("PLAIN_TRAINER names no trainer that was built without MPI")
        done = self.train("run", "--steps", 1, processes=2, trainer=Path(plain))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("swift build --traits MPI", done.stderr)
        self.assertFalse((self.path / "run").exists())


if __name__ == "__main__":
    unittest.main()
