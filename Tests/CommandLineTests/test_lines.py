"""grace-server embed and explain as a user runs them: beside a server, interrupted, killed, and with what is wrong.

    SERVER=.build-test/release/grace-server python3 -m unittest discover --start-directory Tests/CommandLineTests
"""

from __future__ import annotations

import ast
import base64
import gzip
import http.client
import json
import os
import random
import re
import signal
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(os.environ.get("SERVER", ROOT / ".build-test/release/grace-server"))
FIXTURES = ROOT / "Tests/Fixtures/reference"
MODEL = ["--model", FIXTURES / "tiny-qwen2", "--threads", "1"]
SHORT = ["--max-rationale-tokens", "6"]

TEXTS = ["The cat sleeps on the mat.", "Übung macht den Meister.", "熟能生巧 🐈", "a", "A longer text. " * 12,
         "The cat sleeps on the mat.", "tabs\tand \"quotes\"", " leading space"]


def run(
    *arguments: object, stdin: str | bytes | None = None, directory: Path | None = None
) -> subprocess.CompletedProcess[str]:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([SERVER, *map(str, arguments)], input=given, capture_output=True, timeout=400, cwd=directory,
                          stdin=subprocess.DEVNULL if given is None else None)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def read_numpy(data: bytes) -> list[tuple[float, ...]]:
    """The rows of a .npy file, by the rules of numpy.lib.format, version 1.0."""
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    size, = struct.unpack("<H", data[8:10])
    assert (10 + size) % 64 == 0 and data[9 + size] == 0x0A
    header = ast.literal_eval(data[10:10 + size].decode("latin1"))
    assert set(header) == {"descr", "fortran_order", "shape"}, header
    assert header["descr"] == "<f4" and header["fortran_order"] is False
    rows, channels = header["shape"]
    assert len(data) == 10 + size + 4 * rows * channels, (header, len(data))
    return list(struct.iter_unpack(f"<{channels}f", data[10 + size:]))


def as_float32(numbers: list[float]) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


class LineTests(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name)
        self.output = self.path / "out.npy"

    def expect(self, code: int, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def lines(self, texts: list[str], name: str = "texts.jsonl") -> Path:
        file = self.path / name
        file.write_text("".join(json.dumps({"text": text, "id": f"t{i}"}) + "\n" for i, text in enumerate(texts)))
        return file

    def embed(self, *options: object, stdin: str | bytes | None = None) -> subprocess.CompletedProcess[str]:
        return run("embed", *MODEL, *SHORT, *options, stdin=stdin)

    def post(self, address: tuple[str, int], path: str, body: object) -> object:
        connection = http.client.HTTPConnection(*address, timeout=120)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        self.assertEqual(response.status, 200, answer)
        return json.loads(answer)

    def test_vectors_and_explanations_are_those_of_a_server_to_the_bit(self) -> None:
        texts = self.lines(TEXTS)
        wishes = {"max_rationale_tokens": 6, "temperature": 0.8, "dimensions": 12}
        options = ["--temperature", "0.8", "--dimensions", "12"]
        with subprocess.Popen([SERVER, *map(str, MODEL), "--port", "0", "--admin-listen", "off",
                               "--log-level", "error"],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                ready = (server.stdout or self.fail()).readline()
                host, port = re.search(r"http://([0-9.]+):(\d+)", ready).groups()
                vectors = self.post((host, int(port)), "/embed", {"inputs": TEXTS, **wishes})
                explanations = self.post((host, int(port)), "/explain", {"inputs": TEXTS, "embedding": True, **wishes})
            finally:
                server.terminate()
        expected = [as_float32(vector) for vector in vectors]
        self.expect(0, self.embed(texts, *options, "--output", self.output))
        self.assertEqual([as_float32(row) for row in read_numpy(self.output.read_bytes())], expected)
        rows = [json.loads(line) for line in self.expect(0, self.embed(texts, *options)).stdout.splitlines()]
        self.assertEqual([(row["line"], row["id"]) for row in rows], [(i + 1, f"t{i}") for i in range(len(TEXTS))])
        self.assertEqual([as_float32(row["embedding"]) for row in rows], expected)
        rows = [json.loads(line) for line in self.expect(
            0, self.embed(texts, *options, "--encoding", "base64")).stdout.splitlines()]
        self.assertEqual([base64.b64decode(row["embedding"], validate=True) for row in rows], expected)
        explained = self.expect(0, run("explain", *MODEL, *SHORT, *options, "--embedding", texts)).stdout
        rows = [json.loads(line) for line in explained.splitlines()]
        for row, explanation in zip(rows, explanations, strict=True):
            self.assertEqual({key: row[key] for key in explanation}, explanation)
            self.assertEqual(set(row) - set(explanation), {"line", "id"})

    def test_rationales_end_when_they_are_stable_and_tell_their_traces(self) -> None:
        def explain(*options: str) -> list[dict[str, object]]:
            command = ["explain", *MODEL, "--max-rationale-tokens", "24", "--trace", *options]
            done = self.expect(0, run(*command, stdin="\n".join(TEXTS)))
            return [json.loads(line) for line in done.stdout.splitlines()]

        whole, stable = explain(), explain("--stop-when-stable", "2")
        self.assertTrue(any(row["rationale_tokens"] > 8 for row in whole))
        for before, after in zip(whole, stable, strict=True):
            self.assertEqual(len(before["trace"]), before["rationale_tokens"] // 8)
            if before["rationale_tokens"] < 8:
                self.assertEqual(after, before)
            else:
                self.assertEqual((after["finish_reason"], after["rationale_tokens"]), ("stable", 8))
                self.assertEqual(after["trace"], [1])

    def test_inputs_of_all_kinds_give_the_same_rows(self) -> None:
        texts = [text for text in TEXTS if "\n" not in text]
        plain = "\n".join(texts) + "\n"
        (self.path / "texts.txt").write_text(plain)
        (self.path / "texts.txt.gz").write_bytes(gzip.compress(plain.encode()))
        expected = self.expect(0, self.embed(self.path / "texts.txt")).stdout
        self.assertEqual(len(expected.splitlines()), len(texts))
        for done in [self.embed(self.path / "texts.txt.gz"), self.embed("-", stdin=plain), self.embed(stdin=plain),
                     self.embed(stdin=plain.replace("\n", "\r\n").rstrip())]:
            self.assertEqual(self.expect(0, done).stdout, expected)
        members = [{"text": text, "tags": ["x", 1], "score": 0.5} for text in texts]
        passed = self.expect(0, self.embed(stdin="\n".join(map(json.dumps, members)))).stdout.splitlines()
        for line, member, before in zip(passed, members, expected.splitlines(), strict=True):
            row = json.loads(line)
            self.assertEqual((row.pop("tags"), row.pop("score")), (member["tags"], member["score"]))
            self.assertEqual(row, json.loads(before))

    def interrupt(self, arguments: list[object], lines: bytes, number: signal.Signals) -> tuple[int, str]:
        """Gives a command lines and no end of them, and a signal when there are new rows: its code and what it said."""
        output = Path(str(arguments[arguments.index("--output") + 1]))
        size = output.stat().st_size if output.exists() else 0
        with tempfile.TemporaryFile("w+") as said, subprocess.Popen(
                [SERVER, *map(str, arguments)], stdin=subprocess.PIPE, stderr=said) as running:
            running.stdin.write(lines)
            running.stdin.flush()
            while running.poll() is None and (not output.exists() or output.stat().st_size < size + 2000):
                time.sleep(0.005)
            running.send_signal(number)
            running.wait(timeout=400)
            said.seek(0)
            return running.returncode, said.read()

    def test_interrupted_or_killed_and_resumed_it_comes_to_the_same_bytes(self) -> None:
        chance = random.Random(5)
        words = "cat dog bird fish tree house river stone".split()
        texts = self.lines([" ".join(chance.choices(words, k=8)) + f" {i}" for i in range(250)])
        lines = texts.read_bytes().splitlines(keepends=True)
        for name, command in [("out.npy", "embed"), ("out.jsonl", "embed"), ("why.jsonl", "explain")]:
            whole = self.path / f"whole-{name}"
            output = self.path / name
            arguments = [command, *MODEL, "--max-rationale-tokens", "24", "--max-batch-requests", "4"]
            self.expect(0, run(*arguments, texts, "--output", whole))
            arguments += ["--output", output, "--resume"]
            for index, (number, code) in enumerate([
                    (signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]):
                given = b"".join(lines[:50 * (index + 1)])
                self.assertEqual(self.interrupt(arguments, given, number)[0], code)
                self.assertTrue(whole.read_bytes()[128:].startswith(output.read_bytes()[128:]), name)
            # What a machine leaves that stops while it writes.
            output.write_bytes(output.read_bytes()[:-3])
            for _ in range(2):
                self.expect(0, run(*arguments, texts))
                self.assertEqual(output.read_bytes(), whole.read_bytes(), name)

    def test_an_interrupted_run_leaves_whole_rows(self) -> None:
        lines = b"".join(b"text %d\n" % i for i in range(500))
        code, said = self.interrupt(["embed", *MODEL, *SHORT, "--output", self.output], lines, signal.SIGINT)
        self.assertEqual(code, 130, said)
        self.assertIn("--resume", said)
        self.assertGreater(len(read_numpy(self.output.read_bytes())), 0)

    def test_resuming_is_refused_where_anything_differs(self) -> None:
        texts = self.lines(TEXTS)
        self.expect(0, self.embed(texts, "--output", self.output))
        before = self.output.read_bytes()
        other = self.lines(["another text", *TEXTS[1:]], "other.jsonl")
        self.assertIn("--resume", self.expect(1, self.embed(texts, "--output", self.output)).stderr)
        for options, said in [
            ([texts, "--seed", "1"], "seed"), ([texts, "--stop-when-stable", "0.1"], "stop_when_stable"),
            ([texts, "--max-rationale-tokens", "7"], "max_rationale_tokens"),
            ([texts, "--model", FIXTURES / "tiny-llama3"], "checkpoint"),
            ([texts, "--precision", "float32"], "compute"),
            ([texts, "--dimensions", "4"], "dimensions"), ([other], "the 8 lines that are done"),
        ]:
            with self.subTest(said):
                done = self.expect(1, self.embed("--output", self.output, "--resume", *options))
                self.assertIn(said, done.stderr)
                self.assertEqual(self.output.read_bytes(), before)
        with texts.open("a") as file:
            file.write(json.dumps({"text": "one more"}) + "\n")
        self.expect(0, self.embed(texts, "--output", self.output, "--resume"))
        self.assertEqual(len(read_numpy(self.output.read_bytes())), len(TEXTS) + 1)

    def test_a_refused_line_ends_it_with_its_number_or_is_passed_over(self) -> None:
        texts = self.path / "texts.jsonl"
        lines = ['{"text": "a"}', "", '{"txt": "b"}', '{"text": "c"}', "{", '{"text": "d", "embedding": 1}']
        texts.write_text("\n".join(lines))
        done = self.expect(1, self.embed(texts, "--output", self.output))
        self.assertIn(f'{texts}:3: key "text" is missing', done.stderr)
        self.assertIn("--skip-invalid", done.stderr)
        self.assertEqual(len(read_numpy(self.output.read_bytes())), 1)
        done = self.expect(0, self.embed(texts, "--output", self.output, "--resume", "--skip-invalid"))
        for said in [":3: skipped", ":5: skipped", "2 lines skipped"]:
            self.assertIn(said, done.stderr)
        self.assertEqual(len(read_numpy(self.output.read_bytes())), 3)
        done = self.expect(0, self.embed(texts, "--skip-invalid"))
        self.assertEqual([json.loads(line)["line"] for line in done.stdout.splitlines()], [1, 4])
        self.assertIn(':6: skipped: key "embedding"', done.stderr)
        given = "short\n" + "long text " * 200 + "\n"
        long = self.embed("--truncate", "none", "--max-input-tokens", "400", stdin=given)
        self.assertRegex(self.expect(1, long).stderr, "standard input:2: .* the limit is 400")

    def test_a_dash_is_standard_output_and_makes_no_file(self) -> None:
        texts = self.lines(TEXTS[:2])
        for command in ("embed", "explain"):
            arguments = [command, texts, *MODEL, *SHORT]
            named = self.expect(0, run(*arguments, "--output", "-", directory=self.path))
            self.assertEqual(named.stdout, self.expect(0, run(*arguments)).stdout)
            self.assertEqual(named.stdout.count("\n"), 2)
            self.assertFalse((self.path / "-").exists())

    def test_what_is_wrong_is_said_with_the_value(self) -> None:
        texts = self.lines(TEXTS)
        for options, code, said in [
            ([texts, "--format", "npy"], 64, "--output"), ([texts, "--resume"], 64, "--output"),
            ([texts, "--resume", "--output", "-"], 64, "--output"),
            ([texts, "--format", "npy", "--output", "-"], 64, "--output"),
            ([texts, "--max-line-bytes", "0"], 64, "--max-line-bytes"), ([texts, "--format", "csv"], 64, "csv"),
            ([texts, "--output", self.output, "--encoding", "base64"], 64, "--encoding"),
            ([self.path / "none.txt"], 1, "none.txt"), ([texts, "--model", self.path / "none"], 1, "none"),
            ([texts, "--output", self.path / "no/directory.jsonl"], 1, "directory.jsonl"),
            ([texts, "--output", self.path], 1, str(self.path)),
            ([texts, "--dimensions", "100000"], 1, "100000"), ([texts, "--temperature", "-1"], 64, "temperature"),
            ([texts, "--top-p", "1.5"], 1, "top_p"), ([texts, "--stop-when-stable", "nan"], 1, "is nan, allowed are 0 to 2"),
            ([texts, "--prompt-name", "elephant"], 1, "elephant"),
            ([texts, "--max-rationale-tokens", "900000"], 1, "900000"),
        ]:
            with self.subTest(options):
                self.assertIn(said, self.expect(code, self.embed(*options)).stderr)

    def test_rows_come_as_soon_as_they_can(self) -> None:
        with subprocess.Popen([SERVER, "embed", *map(str, MODEL), *SHORT, "--quiet"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as running:
            for number in range(3):
                running.stdin.write(f"text {number}\n")
                running.stdin.flush()
                self.assertEqual(json.loads(running.stdout.readline())["line"], number + 1)
            running.stdin.close()
        self.assertEqual(running.returncode, 0)


if __name__ == "__main__":
    unittest.main()
