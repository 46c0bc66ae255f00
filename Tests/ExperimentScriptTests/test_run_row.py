"""Rows of the table of experiments, with a trainer that only tells what it was asked for."""

import contextlib
import io
import json
import runpy
import struct
import sys
import unittest
from pathlib import Path
from unittest import mock

import scripts

STUB = """value = lambda name: pathlib.Path(arguments[arguments.index(name) + 1])
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
    model = value("--model")
    assert model.name == "plain" or (model.parent / "SmolLM2-135M-Instruct").is_dir()
    value("--output").write_text("results")
    print("a table")
else:
    sys.exit(3)
"""


class ExperimentTests(scripts.StubTrainerTestCase):
    body = STUB

    def setUp(self) -> None:
        super().setUp()
        built = self.directory / "built"
        (built / "evaluation").mkdir(parents=True)
        (built / "evaluation" / "xsum_summary_match.jsonl").write_text('{"doc": "An article.", "summary": "s"}\n')
        triplets = [{"query": f"q{i}", "positive": f"p{i}", "negative": "n", "source": "a"} for i in range(3)]
        (built / "supervised.jsonl").write_text("".join(json.dumps(row) + "\n" for row in triplets))

    def run_row(self, *arguments: str) -> list[list[str]]:
        main = runpy.run_path(str(scripts.EXPERIMENTS / "run-row"))["main"]
        base = self.directory / "SmolLM2-135M-Instruct"
        base.mkdir(exist_ok=True)
        command = ["run-row", *arguments, f"--built={self.directory / 'built'}", f"--runs={self.directory / 'runs'}"]
        command.append(f"--trainer={self.trainer}")
        with (
            mock.patch.dict(main.__globals__, BASE=base),
            mock.patch.object(sys, "argv", command),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            self.assertEqual(main(), 0)
        return self.calls()

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
        self.assertIn("--instructions", call)
        self.assertEqual(Path(call[call.index("--model") + 1]).name, "SmolLM2-135M-Instruct")

    def test_the_plain_base_has_a_template_of_the_text_alone(self) -> None:
        template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
        base = self.directory / "SmolLM2-135M-Instruct"
        base.mkdir()
        (base / "base.gguf").write_bytes(b"GGUF before" + chat_template(template) + b"weights")
        [call] = self.run_row("plain")
        self.assertNotIn("--instructions", call)
        served = Path(call[call.index("--model") + 1])
        plain = "{{ messages[1]['content']" + " " * (len(template) - 27) + "}}"
        self.assertEqual((served / "base.gguf").read_bytes(), b"GGUF before" + chat_template(plain) + b"weights")


def chat_template(text: str) -> bytes:
    """A GGUF file's metadata value, with its key."""
    key = b"tokenizer.chat_template"
    return struct.pack(f"<Q{len(key)}sIQ", len(key), key, 8, len(text)) + text.encode()


class PlainBaseTests(unittest.TestCase):
    def test_files_without_room_for_the_template_are_refused(self) -> None:
        convert = runpy.run_path(str(scripts.EXPERIMENTS / "plain-base"))["with_plain_template"]
        for content, message in [
            (b"", "no chat template"),
            (chat_template("{{ messages }}")[:-14], "no chat template|of 14 bytes"),
            (chat_template("{{ messages }}"), "of 14 bytes"),
            (chat_template("x" * 40)[:-1], "27 to 39 fit"),
        ]:
            with self.subTest(content=content), self.assertRaisesRegex(ValueError, message):
                convert(content)


if __name__ == "__main__":
    unittest.main()
