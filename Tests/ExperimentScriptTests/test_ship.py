"""Models/Experiments/ship with a small checkpoint made here, and a program that stands in for the server."""

import hashlib
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import scripts

FAKE_SERVER = Path(__file__).with_name("fake_server.py")
SHIPPED = "grace-tiny"
HEADER = {"format": "grace-dataset", "kind": "triplets", "train": 3, "held_out": 1, "inputs": [{"name": "a.jsonl"}]}
MODES = [("none", 0), ("greedy", 32)]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def factors() -> bytes:
    data = struct.pack("<2f", 1.001, -2)
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


def result(task: str, kind: str, mode: "tuple[str, int]", score: float) -> "dict[str, object]":
    return {
        "task_name": task, "kind": kind, "metric": "accuracy", "dataset_revision": "0" * 64, "units": [{"scores": [1]}],
        "mode": {"kind": mode[0], "max_rationale_tokens": mode[1], "temperature": 0.0, "seeds": 1},
        "scores": {"test": [{"main_score": score, "confidence_interval": [score, score]}]},
    }


class ShipTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.checkpoint, self.base, self.data = self.root / "step", self.root / "Base", self.root / "data.prepared"
        self.results, self.output = self.root / "results.json", self.root / "out" / SHIPPED
        for directory in (self.checkpoint, self.base, self.output.parent):
            directory.mkdir()
        (self.base / "model.gguf").write_bytes(b"GGUF")
        line = json.dumps(HEADER).encode() + b"   "
        self.data.write_bytes(line + b"\n{}\n")
        # A copy: links to it must not lead to this repository.
        self.server = self.root / "server"
        self.server.write_text(f"#!{sys.executable}\n{FAKE_SERVER.read_text()}")
        self.server.chmod(0o755)
        self.training = {
            "base_sha256": "1" * 64, "data_sha256": sha256(line), "configuration": {"objective": "grace", "seed": "0"},
            "metrics": {"step": 40.0}, "program": {"sha256": "2" * 64},
        }
        self.write_checkpoint()

    def write_checkpoint(self, **changes: object) -> None:
        files = {"adapter_config.json": b'{"r": 8}', "adapter_model.safetensors": factors()}
        for name, content in files.items():
            (self.checkpoint / name).write_bytes(content)
        (self.checkpoint / "training_state.safetensors").write_bytes(b"large")
        manifest = {
            "version": 1, "system_prompt": "Read. “Then” say.", "generation": {"max_rationale_tokens": 16},
            "pooling": "mean", "base": {"name": "Base", "sha256": "1" * 64}, "training": self.training,
            "files": {name: sha256(content) for name, content in files.items()},
        }
        (self.checkpoint / "grace.json").write_text(json.dumps({**manifest, **changes}), encoding="utf-8")
        self.write_results()

    def fingerprint(self) -> str:
        """As the program that stands in for the server has it."""
        names = ("adapter_config.json", "adapter_model.safetensors", "grace.json")
        return sha256(b"".join((self.checkpoint / name).read_bytes() for name in names))

    def write_results(self, modes: "list[tuple[str, int]]" = MODES, **changes: object) -> None:
        document = {
            "format": "grace-evaluation", "version": 1, "settings": {"max_words": 120},
            "model": {"name": "step", "fingerprint": self.fingerprint(), "compute": "int4/avx2"},
            "results": [
                result(task, kind, mode, score)
                for mode in modes
                for task, kind, score in (("a", "sts", 0.25), ("b", "retrieval", 0.5), ("c", "faithfulness", 1.0))
            ],
            "rationales": [], "perplexity": {"perplexity": 40.5, "windows": [1, 2]},
        }
        self.results.write_text(json.dumps({**document, **changes}))

    def ship(
        self, *options: str, angle: float = 0.1, commit: "str | None" = "c0ffee"
    ) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, scripts.SHIP, self.checkpoint, "--base", self.base, "--output", self.output]
        command += ["--data", self.data, "--results", self.results, "--max-rationale-tokens", "32"]
        command += ["--server", self.server, *(["--commit", commit] if commit else []), *options]
        return subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=False,
            env={**os.environ, "GRACELESS_ANGLE": str(angle)})

    def shipped(self) -> "dict":
        return json.loads((self.output / "grace.json").read_text(encoding="utf-8"))

    def assert_refused(self, outcome: "subprocess.CompletedProcess[str]", *messages: str) -> None:
        self.assertEqual((outcome.returncode, outcome.stdout.count("fingerprint")), (1, 0), outcome.stderr)
        self.assertRegex(outcome.stderr, r"^ship: .*\n$")
        for message in messages:
            self.assertIn(message, outcome.stderr)
        self.assertEqual(list(self.output.parent.iterdir()), [])

    def test_the_directory_holds_the_adapter_in_bfloat16_and_says_what_it_is(self) -> None:
        outcome = self.ship("--canary", "One.", "--canary", "Two.", "--minimum-cosine", "0.9")
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
        self.assertIn("cosine 0.9950 or more with other number formats, 0.0000 of the base alone", outcome.stdout)
        self.assertEqual([path.name for path in self.output.parent.iterdir()], [SHIPPED])
        names = ["adapter_config.json", "adapter_model.safetensors", "grace.json"]
        self.assertEqual(sorted(path.name for path in self.output.iterdir()), names)
        contents = {name: (self.output / name).read_bytes() for name in names[:2]}
        self.assertEqual(contents["adapter_config.json"], b'{"r": 8}')
        self.assertEqual(contents["adapter_model.safetensors"][-4:], struct.pack("<2H", 0x3F80, 0xC000))
        manifest = self.shipped()
        self.assertEqual(manifest["files"], {name: sha256(content) for name, content in contents.items()})
        for key, value in (
            ("version", 1), ("system_prompt", "Read. “Then” say."), ("pooling", "mean"),
            ("generation", {"max_rationale_tokens": 32, "temperature": 0}),
            ("base", {"name": "Base", "sha256": "1" * 64}),
        ):
            self.assertEqual(manifest[key], value)
        self.assertEqual(
            manifest["canaries"],
            [
                {"text": text, "max_rationale_tokens": 32, "embedding": [1.0, 0.0], "minimum_cosine": 0.9}
                for text in ("One.", "Two.")
            ],
        )

    def test_training_tells_of_method_data_commit_and_results(self) -> None:
        self.assertEqual(self.ship().returncode, 0)
        training = self.shipped()["training"]
        self.assertEqual({key: training[key] for key in self.training}, self.training)
        self.assertEqual((training["objective"], training["steps"], training["commit"]), ("grace", 40, "c0ffee"))
        self.assertIn("GRACE", training["method"])
        self.assertEqual(training["data"]["sha256"], self.training["data_sha256"])
        self.assertEqual(training["data"]["inputs"], [{"name": "a.jsonl"}])
        [results] = training["results"]
        self.assertEqual(results["perplexity"], {"perplexity": 40.5})
        self.assertEqual([mode["mode"]["kind"] for mode in results["modes"]], ["none", "greedy"])
        # Faithfulness is no part of the mean.
        self.assertEqual([mode["mean_score"] for mode in results["modes"]], [0.375, 0.375])
        self.assertEqual(
            results["modes"][1]["tasks"]["b"],
            {"kind": "retrieval", "metric": "accuracy", "score": 0.5, "confidence_interval": [0.5, 0.5],
             "sha256": "0" * 64})

    def test_a_run_that_went_on_from_another_tells_of_both(self) -> None:
        first = self.root / "first"
        shutil.copytree(self.checkpoint, first)
        self.assertEqual(self.ship("--begun-with", str(first)).returncode, 0)
        self.assertEqual(
            self.shipped()["training"]["begun_with"], {"adapter_sha256": sha256(factors()), **self.training})
        manifest = json.loads((first / "grace.json").read_text(encoding="utf-8"))
        manifest["base"]["sha256"] = "4" * 64
        (first / "grace.json").write_text(json.dumps(manifest))
        outcome = self.ship("--begun-with", str(first), "--replace")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("4" * 64, outcome.stderr)
        self.assertIn("1" * 64, outcome.stderr)

    def test_a_directory_that_is_there_is_replaced_when_that_is_asked_for(self) -> None:
        self.output.mkdir()
        (self.output / "old").touch()
        outcome = self.ship()
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("--replace takes its place", outcome.stderr)
        self.assertTrue((self.output / "old").exists())
        self.assertEqual(self.ship("--replace").returncode, 0)
        self.assertEqual([path.name for path in self.output.parent.iterdir()], [SHIPPED])
        self.assertFalse((self.output / "old").exists())

    def test_the_same_checkpoint_gives_the_same_bytes(self) -> None:
        self.assertEqual(self.ship().returncode, 0)
        first = {path.name: path.read_bytes() for path in self.output.iterdir()}
        self.assertEqual(self.ship("--replace").returncode, 0)
        self.assertEqual({path.name: path.read_bytes() for path in self.output.iterdir()}, first)

    def test_files_that_are_not_those_of_the_checkpoint_are_refused_with_both_digests(self) -> None:
        content = factors() + b"!"
        (self.checkpoint / "adapter_model.safetensors").write_bytes(content)
        self.assert_refused(self.ship(), sha256(content), sha256(factors()))

    def test_data_of_another_run_are_refused_with_both_digests(self) -> None:
        self.data.write_bytes(b"{}\n")
        self.assert_refused(self.ship(), sha256(b"{}"), self.training["data_sha256"])

    def test_results_of_another_checkpoint_or_another_mode_are_refused(self) -> None:
        cases = [
            ({"model": {"fingerprint": "3" * 64}}, MODES, ["3" * 64, self.fingerprint()]),
            ({}, [("none", 0), ("greedy", 64)], ["none of 0 tokens, greedy of 64 tokens", "greedy of 32 tokens"]),
            ({"version": 2}, MODES, ["grace-evaluation 2", "expected grace-evaluation 1"]),
        ]
        for changes, modes, messages in cases:
            with self.subTest(messages=messages):
                self.write_results(modes, **changes)
                self.assert_refused(self.ship(), *messages)

    def test_a_commit_is_needed_and_must_be_the_checkpoints(self) -> None:
        self.assert_refused(self.ship(commit=None), "give --commit")
        self.training["program"]["commit"] = "decaf"
        self.write_checkpoint()
        self.assert_refused(self.ship(), "by commit decaf, --commit says c0ffee")
        self.assertEqual(self.ship(commit=None).returncode, 0)
        self.assertEqual(self.shipped()["training"]["commit"], "decaf")

    def test_canaries_that_say_nothing_or_too_much_are_refused_with_both_cosines(self) -> None:
        self.assert_refused(self.ship(angle=math.acos(0.96)), "cosine of 0.9600, expected at least 0.9700")
        self.assert_refused(self.ship("--minimum-cosine", "-0.5"), "the base alone comes to a cosine of 0.0000")

    def test_what_the_server_refuses_is_refused_in_its_words(self) -> None:
        (self.base / "model.gguf").write_text("unreadable")
        self.assert_refused(self.ship(), "the checkpoint is broken")

    def test_a_checkpoint_without_base_or_training_is_refused(self) -> None:
        for changes, message in (
            ({"base": {"name": "Base"}}, "has no base.sha256"), ({"training": None}, "has no program"),
            ({"files": {}}, "has no files.adapter_config.json"),
        ):
            with self.subTest(message=message):
                self.write_checkpoint(**changes)
                self.assert_refused(self.ship(), message)

    def test_a_file_that_is_missing_is_named(self) -> None:
        (self.checkpoint / "adapter_model.safetensors").unlink()
        self.assert_refused(self.ship(), "adapter_model.safetensors: No such file or directory")


if __name__ == "__main__":
    unittest.main()
