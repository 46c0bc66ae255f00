"""Deploy/test and .ci/run, with stubs in place of the toolchain."""

import re
import shutil
import subprocess

from workspace import DEPLOY, WorkspaceTestCase

SWIFT = """
case "$*" in
    --version) echo 'Swift version 6.1' ;;
    *) echo "swift $* rounds=$GRACE_FUZZ_ROUNDS published=$GRACE_PUBLISHED strict=$GRACE_WARNINGS_AS_ERRORS" >>"$LOG" ;;
esac
case "$*" in
    "test list"*) printf 'HTTPTests.RequestParserTests/sum()\\nEngineTests.SamplerTests/greedy()\\nGraceTests.PublishedVocabularyTests/encodes(_:)\\n' ;;
    "$FAILING"*) exit 3 ;;
esac
"""


class TestCommandTests(WorkspaceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.link("bash", "env", "basename", "dirname", "readlink", "ls", "grep", "cat")
        self.stub("swift", SWIFT)
        self.stub("dpkg-query", "echo -n installed")
        checkers = ("haproxy", "promtool", "shellcheck", "systemd-analyze", "openssl")
        for program in (*checkers, "chromium", "chromedriver", "java", "mpicc", "mpirun", "pkg-config"):
            self.stub(program, "exit 0")
        self.stub("python3", 'echo "python3 $*" >>"$LOG"')
        model = self.models / "SmolLM2-135M-Instruct"
        model.mkdir()
        (model / "model.gguf").touch()
        (self.models / "manifests" / f"{model.name}.json").touch()
        (self.root / "Deploy" / "fetch-model").write_text('#!/usr/bin/env bash\necho "fetch-model $*" >>"$LOG"\n')

    def environment(self, **variables: str) -> "dict[str, str]":
        return super().environment(**{"FAILING": "nothing", "OPENBLAS_CORETYPE": "Haswell", **variables})

    def run_test(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return self.run_command(self.root / "Deploy" / "test", *arguments, env=self.environment(**variables))

    def commands(self) -> "list[str]":
        """The first words of what was called, in order."""
        return [" ".join(line.split()[:2]) for line in self.logged()]

    def test_all_stages_run_in_order(self) -> None:
        result = self.run_test()
        self.assertEqual(result.returncode, 0, result.stderr)
        stages = ["fetch-model --verify", "swift format", *["python3 -m"] * 6, "swift build", *["python3 -m"] * 2]
        self.assertEqual(self.commands(), [*stages, *["swift test"] * 3])
        self.assertIn(" --no-parallel --filter ^TrainingTests ", self.logged()[-1])
        self.assertTrue(all(line.endswith("strict=1") for line in self.logged() if line.startswith("swift")))
        titles = ("Set-up", "Lint", "Tests of the scripts", "Build, warnings as errors", "Tests")
        for title in (*titles, "Tests of the trainer that compare bits"):
            self.assertRegex(result.stdout, rf"(?m)^== {title}$")
            self.assertRegex(result.stdout, rf"(?m)^== {title}: passed in \d+ s$")

    def test_the_first_stage_that_fails_ends_the_run(self) -> None:
        for failing, title, count in (("format", "Lint", 2), ("build", "Build, warnings as errors", 9)):
            with self.subTest(failing=failing):
                self.log.unlink(missing_ok=True)
                result = self.run_test(FAILING=failing)
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"== {title}: FAILED (status 3)", result.stdout)
                self.assertEqual(len(self.logged()), count)

    def test_failing_tests_fail_the_run(self) -> None:
        for arguments in ([], ["HTTPTests"], ["--all"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_test(*arguments, FAILING="test --package-path").returncode, 1)

    def test_the_model_that_tests_name_is_fetched_where_it_is_not_there(self) -> None:
        shutil.rmtree(self.models / "SmolLM2-135M-Instruct")
        self.assertEqual(self.run_test().returncode, 0)
        self.assertIn("fetch-model SmolLM2-135M-Instruct", self.logged())

    def test_a_model_that_is_not_the_manifests_fails_the_run(self) -> None:
        (self.root / "Deploy" / "fetch-model").write_text("#!/usr/bin/env bash\nexit 1\n")
        self.assertEqual(self.run_test().returncode, 1)
        self.assertEqual(self.logged(), [])

    def test_filters_choose_the_swift_tests(self) -> None:
        result = self.run_test("RequestParser", "Sampler.*greedy")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(" --filter RequestParser --filter Sampler.*greedy ", self.logged()[-1])
        self.assertNotIn("swift format", self.commands())

    def test_a_filter_that_matches_nothing_fails_the_run(self) -> None:
        result = self.run_test("RequestParser", "Nothing")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no test matches 'Nothing'", result.stderr)

    def test_all_adds_long_fuzzing_published_files_and_sanitizers(self) -> None:
        self.assertEqual(self.run_test("--all").returncode, 0)
        tests = [line for line in self.logged() if line.startswith("swift test --package-path")]
        self.assertEqual(["rounds=50" in line for line in tests], [True, False, False, False, False])
        published = self.root / ".build-published"
        self.assertEqual([f"published={published} " in line for line in tests], [False, True, False, False, False])
        self.assertIn(" --filter Published ", tests[1])
        self.assertIn(f"python3 {self.root}/Tests/Fixtures/fetch_published.py {published}", self.logged())
        self.assertIn(" --sanitize thread ", tests[2])
        self.assertIn(" --sanitize address ", tests[3])
        self.assertIn(" --no-parallel ", tests[4])

    def test_all_installs_what_checks_the_operators_files_and_soaks_the_proxy(self) -> None:
        for arguments, count in (([], 0), (["--all"], 1)):
            with self.subTest(arguments=arguments):
                self.log.unlink(missing_ok=True)
                self.assertEqual(self.run_test(*arguments).returncode, 0)
                server = self.root / ".build-test" / "release" / "grace-server"
                soaks = [line for line in self.logged() if f"proxy_soak.py --binary {server} " in line]
                self.assertEqual(len(soaks), count)
                schemas = [line for line in self.logged() if re.search(r"pip install .*kubernetes-validate==", line)]
                self.assertEqual(len(schemas), count)
        (self.stubs / "haproxy").unlink()
        result = self.run_test("--all")
        self.assertEqual(result.returncode, 1)
        self.assertIn("haproxy", result.stderr)
        self.assertEqual(self.run_test().returncode, 0)

    def test_published_files_that_cannot_be_fetched_fail_the_run(self) -> None:
        self.stub("python3", 'case "$*" in *fetch_published*) exit 1 ;; esac')
        result = self.run_test("--all")
        self.assertEqual(result.returncode, 1)
        self.assertIn("== Tests with published vocabularies and templates: FAILED (status 1)", result.stdout)

    def test_all_runs_the_clients_of_others_against_the_server_that_was_built(self) -> None:
        self.assertEqual(self.run_test("--all").returncode, 0)
        server = self.root / ".build-test" / "release" / "grace-server"
        self.assertIn(f"python3 {self.root}/Tests/Compatibility/run.py --server {server}", self.logged())

    def test_all_builds_the_trainer_with_mpi_and_tests_it(self) -> None:
        self.assertEqual(self.run_test("--all").returncode, 0)
        build = next(line for line in self.logged() if " --traits MPI " in line)
        self.assertIn(f" --scratch-path {self.root}/.build-mpi --product grace-trainer ", build)
        self.assertIn(f"python3 -m unittest discover --start-directory {self.root}/Tests/MPITests", self.logged())
        (self.stubs / "mpicc").unlink()
        result = self.run_test("--all")
        self.assertEqual(result.returncode, 1)
        self.assertIn("libopenmpi-dev", result.stderr)

    def test_a_client_that_fails_fails_the_run(self) -> None:
        self.stub("python3", 'case "$*" in *Compatibility*) exit 1 ;; esac')
        result = self.run_test("--all")
        self.assertEqual(result.returncode, 1)
        self.assertIn("== Clients: FAILED (status 1)", result.stdout)

    def test_all_runs_the_job_on_spark_with_the_server_that_was_built(self) -> None:
        self.assertEqual(self.run_test("--all").returncode, 0)
        server = self.root / ".build-test" / "release" / "grace-server"
        self.assertIn(f"python3 {self.root}/Tests/SparkTests/run.py --server {server}", self.logged())
        self.stub("python3", 'case "$*" in *SparkTests/run.py*) exit 1 ;; esac')
        self.assertIn("== Spark: FAILED (status 1)", self.run_test("--all").stdout)

    def test_arguments_that_mean_nothing_are_refused(self) -> None:
        for arguments in (["--al"], ["--all", "HTTPTests"]):
            self.assertEqual(self.run_test(*arguments).returncode, 1)
        self.assertEqual(self.logged(), [])

    def test_continuous_integration_calls_this_command(self) -> None:
        (self.root / ".ci").mkdir()
        shutil.copy(DEPLOY.parent / ".ci" / "run", self.root / ".ci" / "run")
        for failing, status in (("nothing", 0), ("format", 1)):
            result = self.run_command(self.root / ".ci" / "run", env=self.environment(FAILING=failing), cwd="/")
            self.assertEqual(result.returncode, status, result.stderr)
