"""Deploy/serve, with stubs in place of the toolchain, the fetching of a model, and the server."""

import json
import os
import signal
import subprocess
import sys
import time

from workspace import WorkspaceTestCase

SWIFT = """
case "$*" in
    --version) echo 'Swift version 6.1' ;;
    *--show-bin-path) echo "$BINARIES" ;;
    build*)
        echo "build $*" >>"$LOG"
        echo '[0/1] Planning build'
        echo 'Building for production...'
        echo '[2/5] Write swift-version.txt'
        if [[ -e $BINARIES/broken ]]; then echo 'error: broken'; exit 1; fi
        if [[ -e $BINARIES/stale ]]; then echo '[3/5] Compiling Grace'; fi
        if [[ -e $BINARIES/slow ]]; then echo $$ >>"$LOG"; exec sleep 60; fi
        echo "Build of product 'grace-server' complete! (0.3s)" ;;
esac
"""
ADAPTER = "grace-smollm2-135m"
BASE = "SmolLM2-135M-Instruct"
# Says what it fetches; what a checkpoint needs, the real one says.
FETCH = """#!/usr/bin/env bash
if [[ $1 == --base ]]; then exec "$PYTHON" "${BASH_SOURCE[0]%/*}/real-fetch-model" "$@"; fi
echo "fetch $*" >>"$LOG"
"""
SERVER = """
printf 'server in %s:' "$PWD"
printf ' <%s>' "$@"
exit 7
"""


class ServeTests(WorkspaceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.link("bash", "env", "basename", "dirname", "readlink", "ls", "sleep")
        self.stub("swift", SWIFT)
        self.stub("dpkg-query", "echo -n installed")
        self.stub("python3", "exit 0")
        self.stub("grace-server", SERVER)
        (self.models / "manifests" / f"{BASE}.json").touch()
        self.write_adapter(ADAPTER, BASE)
        fetch = self.root / "Deploy" / "fetch-model"
        fetch.rename(fetch.with_name("real-fetch-model"))
        fetch.write_text(FETCH)
        fetch.chmod(0o755)

    def write_adapter(self, name: str, base: str) -> None:
        """An adapter as it comes with the repository: its base is not there."""
        (self.models / name).mkdir()
        (self.models / name / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
        (self.models / name / "grace.json").write_text(json.dumps({"version": 1, "base": {"name": base}}))

    def environment(self, **variables: str) -> "dict[str, str]":
        return super().environment(BINARIES=str(self.stubs), PYTHON=sys.executable, **variables)

    def serve(self, *arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        return self.run_command(self.root / "Deploy" / "serve", *arguments, **options)

    def fetched(self) -> "list[str]":
        return [line for line in self.logged() if line.startswith("fetch")]

    def test_a_fresh_clone_fetches_the_base_and_serves_its_adapter_by_default(self) -> None:
        result = self.serve()
        self.assertEqual(result.returncode, 7)
        # Without --model: the adapter is the server's own default.
        self.assertEqual(result.stdout, f"server in {self.root}: <--models> <{self.models}>")
        self.assertEqual(self.fetched(), [f"fetch {BASE}"])

    def test_options_pass_unchanged_and_paths_are_the_users(self) -> None:
        elsewhere = self.root / "else where"
        elsewhere.mkdir()
        result = self.serve("--model", "./a b.gguf", "--port", "*", "", cwd=elsewhere)
        self.assertEqual(
            result.stdout, f"server in {elsewhere}: <--models> <{self.models}> <--model> <./a b.gguf> <--port> <*> <>"
        )

    def test_a_link_to_the_command_works(self) -> None:
        link = self.stubs / "serve-grace"
        link.symlink_to(self.root / "Deploy" / "serve")
        self.assertIn(f"<{self.models}>", self.run_command(link).stdout)

    def test_a_models_directory_of_the_user_replaces_ours_and_stays_untouched(self) -> None:
        for arguments in (["--models", "mine"], ["--models=mine"], ["--config", "mine.yaml"], ["--config=mine.yaml"]):
            result = self.serve(*arguments)
            self.assertEqual(result.stdout, f"server in {self.root}:" + "".join(f" <{word}>" for word in arguments))
        self.assertEqual(self.fetched(), [])

    def test_variables_of_the_user_replace_our_models_too(self) -> None:
        for name in ("GRACE_MODELS", "GRACE_CONFIG"):
            result = self.serve("--port=0", env={**self.environment(), name: "mine"})
            self.assertEqual(result.stdout, f"server in {self.root}: <--port=0>")
        self.assertEqual(self.fetched(), [])

    def test_only_a_missing_model_with_a_manifest_is_fetched(self) -> None:
        self.write_adapter("mine", f"/runs/{BASE}")
        self.write_adapter("others", "Other")
        cases = [
            (["--model", BASE], 1),
            ([f"--model={BASE}"], 1),
            (["--model", ADAPTER], 1),
            (["--model", "mine"], 1),
            (["--model", "others"], 0),
            (["--model", "Other"], 0),
            (["--model", f"./{BASE}"], 0),
            (["--model", f"./{ADAPTER}"], 0),
            (["--model"], 0),
            (["--help"], 0),
            (["-h"], 0),
        ]
        for arguments, count in cases:
            with self.subTest(arguments=arguments):
                self.log.unlink(missing_ok=True)
                self.assertEqual(self.serve(*arguments).returncode, 7)
                self.assertEqual(self.fetched(), [f"fetch {BASE}"] * count)
        result = self.serve(env={**self.environment(), "GRACE_MODEL": "others"})
        self.assertEqual((result.returncode, self.fetched()), (7, []))
        directory = self.models / BASE
        directory.mkdir()
        (directory / "model.gguf").touch()
        for arguments in ([], ["--model", BASE], ["--model", ADAPTER]):
            self.log.unlink()
            self.assertEqual(self.serve(*arguments).returncode, 7)
            self.assertEqual(self.fetched(), [])

    def test_an_adapter_that_names_no_base_ends_the_run(self) -> None:
        (self.models / ADAPTER / "grace.json").write_text("{")
        result = self.serve()
        self.assertEqual((result.returncode, result.stdout, self.logged()), (1, "", []))
        self.assertIn("grace.json cannot be read", result.stderr)

    def test_a_fetch_that_fails_ends_the_run(self) -> None:
        (self.root / "Deploy" / "fetch-model").write_text(FETCH + "exit 1\n")
        result = self.serve()
        self.assertEqual((result.returncode, result.stdout, self.logged()), (1, "", [f"fetch {BASE}"]))

    def test_a_build_is_quiet_when_there_is_nothing_to_do(self) -> None:
        self.assertEqual(self.serve("--help").stderr, "")
        (self.stubs / "stale").touch()
        self.assertEqual(self.serve("--help").stderr, "[3/5] Compiling Grace\n")

    def test_a_build_that_fails_ends_the_run(self) -> None:
        (self.stubs / "broken").touch()
        result = self.serve()
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(result.stderr, "error: broken\nserve: the build failed; see above\n")

    def test_a_signal_ends_the_build_with_the_command(self) -> None:
        (self.stubs / "slow").touch()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

        def heed() -> None:
            # What a shell in the background, or nohup, ignores is ignored by all that it starts.
            for number in numbers:
                signal.signal(number, signal.SIG_DFL)

        for number in numbers:
            with self.subTest(signal=number):
                self.log.unlink(missing_ok=True)
                command = [str(self.root / "Deploy" / "serve"), "--models=mine"]
                process = subprocess.Popen(
                    command, env=self.environment(), stderr=subprocess.DEVNULL, preexec_fn=heed)
                while process.poll() is None and len(self.logged()) < 2:
                    time.sleep(0.01)
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=30), -number)
                with self.assertRaises(ProcessLookupError):
                    os.kill(int(self.logged()[1]), 0)
