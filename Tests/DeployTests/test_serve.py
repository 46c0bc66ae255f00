"""Deploy/serve, with stubs in place of the toolchain, the fetching of a model, and the server."""

import os
import signal
import subprocess
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
        (self.models / "manifests" / "SmolLM2-135M-Instruct.json").touch()
        fetch = self.root / "Deploy" / "fetch-model"
        fetch.write_text('#!/usr/bin/env bash\necho "fetch $*" >>"$LOG"\n')

    def environment(self, **variables: str) -> "dict[str, str]":
        return super().environment(BINARIES=str(self.stubs), **variables)

    def serve(self, *arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        return self.run_command(self.root / "Deploy" / "serve", *arguments, **options)

    def fetched(self) -> "list[str]":
        return [line for line in self.logged() if line.startswith("fetch")]

    def test_the_server_takes_over_with_the_models_of_the_repository(self) -> None:
        result = self.serve()
        self.assertEqual(result.returncode, 7)
        self.assertEqual(result.stdout, f"server in {self.root}: <--models> <{self.models}>")
        self.assertEqual(self.fetched(), ["fetch SmolLM2-135M-Instruct"])

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
        cases = [
            (["--model", "SmolLM2-135M-Instruct"], 1),
            (["--model=SmolLM2-135M-Instruct"], 1),
            (["--model", "Other"], 0),
            (["--model", "./SmolLM2-135M-Instruct"], 0),
            (["--model"], 0),
            (["--help"], 0),
            (["-h"], 0),
        ]
        for arguments, count in cases:
            with self.subTest(arguments=arguments):
                self.log.unlink(missing_ok=True)
                self.assertEqual(self.serve(*arguments).returncode, 7)
                self.assertEqual(len(self.fetched()), count)
        directory = self.models / "SmolLM2-135M-Instruct"
        directory.mkdir()
        (directory / "model.gguf").touch()
        self.log.unlink()
        self.serve()
        self.assertEqual(self.fetched(), [])

    def test_a_fetch_that_fails_ends_the_run(self) -> None:
        (self.root / "Deploy" / "fetch-model").write_text("#!/usr/bin/env bash\nexit 1\n")
        result = self.serve()
        self.assertEqual((result.returncode, result.stdout, self.logged()), (1, "", []))

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
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                self.log.unlink(missing_ok=True)
                command = [str(self.root / "Deploy" / "serve"), "--models=mine"]
                process = subprocess.Popen(command, env=self.environment(), stderr=subprocess.DEVNULL)
                while process.poll() is None and len(self.logged()) < 2:
                    time.sleep(0.01)
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=30), -number)
                with self.assertRaises(ProcessLookupError):
                    os.kill(int(self.logged()[1]), 0)
