"""swap_soak.py, with a fake server in place of grace-server: it passes one without faults, and finds each fault."""

import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from gguf_edits import GGUF  # noqa: E402
from swap_checkpoints import BROKEN, Checkpoints  # noqa: E402
from swap_clients import Load  # noqa: E402

NORMS = ("output_norm.weight", "blk.0.attn_norm.weight")


def tiny_gguf() -> bytes:
    """Three metadata values, and two norms of 64 ones."""

    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text)) + text.encode()

    content = struct.pack("<4sIQQ", b"GGUF", 3, len(NORMS), 3)
    content += string("general.alignment") + struct.pack("<II", 4, 64)
    content += string("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + string("a") + string("b")
    content += string("general.architecture") + struct.pack("<I", 8) + string("llama")
    for number, name in enumerate(NORMS):
        content += string(name) + struct.pack("<IQIQ", 1, 64, 0, 256 * number)
    content += b"\0" * (-len(content) % 64)
    return content + struct.pack("<128f", *[1.0] * 128)


def parsed(content: bytes) -> GGUF:
    model = GGUF(bytearray(content))
    model.find()
    return model


class GGUFEditTests(unittest.TestCase):
    def test_edits_are_read_back(self) -> None:
        model = parsed(tiny_gguf())
        self.assertEqual(model.text(model.strings["general.architecture"]), "llama")
        model.set_floats(NORMS[0], [math.inf, *[2.0] * 63])
        model.rename(NORMS[1], "blk.0.nope_norm.weight")
        model.set_dimension(NORMS[1], 32)
        changed = parsed(model.content)
        self.assertEqual(changed.floats(NORMS[0]), [math.inf, *[2.0] * 63])
        self.assertEqual(changed.floats("blk.0.nope_norm.weight"), [1.0] * 32)
        self.assertEqual(len(changed.content), len(tiny_gguf()))


class WithModels(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name)
        self.base = self.directory / "base.gguf"
        self.base.write_bytes(tiny_gguf())


class CheckpointTests(WithModels):
    def setUp(self) -> None:
        super().setUp()
        self.checkpoints = Checkpoints(self.directory / "models", self.base, None, None)

    def test_no_two_checkpoints_have_the_same_bytes(self) -> None:
        files = [self.checkpoints.weights(name).read_bytes() for name in ("a", "b", *BROKEN)]
        self.assertEqual(len(set(files)), len(files))
        self.assertEqual(files[0], tiny_gguf())

    def test_every_damage_shows_and_is_repaired_in_the_same_file(self) -> None:
        path = self.checkpoints.weights("a")
        number = path.stat().st_ino
        for _ in range(3):
            self.checkpoints.damage("a")
            self.assertNotEqual(path.read_bytes(), tiny_gguf())
            self.checkpoints.restore("a")
            self.assertEqual(path.read_bytes(), tiny_gguf())
        self.assertEqual(path.stat().st_ino, number)
        self.assertEqual(self.base.read_bytes(), tiny_gguf())


class LatencyTests(unittest.TestCase):
    def test_windows_choose_the_requests_in_flight(self) -> None:
        load = Load(spans=[(0, 1), (1, 4), (5, 11), (20, 22)])
        self.assertEqual(load.latency(1.0), 6)
        self.assertEqual(load.latency(1.0, [(2, 3)]), 3)
        self.assertEqual(load.latency(1.0, [(0.5, 0.6), (21, 30)]), 2)
        self.assertEqual(load.latency(1.0, [(12, 13)]), 0)


class SwapSoakTests(WithModels):
    def soak(self, fault: str = "", *options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(HERE / "swap_soak.py"), "--binary", str(HERE / "fake_server.py")]
        command += ["--base", str(self.base), "--clients", "4", "--seconds", "2", "--swap-every", "0.1"]
        # How long a fake server takes and how much memory it has is nobody's concern.
        command += ["--swaps", "4", "--texts", "4", "--latency-ratio", "1e9", "--memory-share", "1e9", *options]
        environment = {**os.environ, "FAKE_FAULT": fault}
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)

    def test_a_server_without_faults_passes(self) -> None:
        result = self.soak()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertNotIn("ERROR", result.stdout)
        self.assertRegex(result.stdout, r"(?m)^\| 4 \| \d+ \| \d+ \|")

    def test_every_fault_is_found(self) -> None:
        for fault, error in (
            ("fails", r"with swaps, \d+ times: 503"),
            ("wrong header", r"with swaps, \d+ times: a vector that is not that of"),
            ("accepts broken", r"admin, \d+ times: load broken-\w+: 200 instead of 422"),
        ):
            with self.subTest(fault=fault):
                result = self.soak(fault)
                self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
                self.assertRegex(result.stdout, f"ERROR: {error}")

    def test_what_is_over_its_limit_is_found(self) -> None:
        for option, error in (("--latency-ratio", "p99"), ("--memory-share", "MB after the last swap")):
            with self.subTest(option=option):
                result = self.soak("", option, "-1")
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stdout, rf"ERROR: .*{error}")


if __name__ == "__main__":
    unittest.main()
