"""Deploy/bootstrap, with stubs in place of the toolchain and the package manager."""

import subprocess

from workspace import WorkspaceTestCase

PACKAGES = ["libopenblas-dev", "libssl-dev", "zlib1g-dev"]


class BootstrapTests(WorkspaceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.link("bash", "env", "basename", "dirname", "readlink", "ls")
        self.stub("swift", "echo 'Swift version 6.1 (swift-6.1-RELEASE)'")
        self.stub("id", "echo 1000")
        self.stub("apt-get", 'echo "apt-get $*" >>"$LOG"')
        self.stub("python3", "exit 0")
        self.install(*PACKAGES)

    def install(self, *packages: str) -> None:
        """Makes these the packages that dpkg knows."""
        script = f'[[ " {" ".join(packages)} " == *" ${{@: -1}} "* ]] && echo -n installed'
        self.stub("dpkg-query", script)

    def bootstrap(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run_command(self.root / "Deploy" / "bootstrap", *arguments)

    def assert_refused(self, result: "subprocess.CompletedProcess[str]", message: str) -> None:
        self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(message, result.stderr)

    def test_nothing_is_said_or_done_when_all_is_there(self) -> None:
        for arguments in ([], ["--with-pip"], ["--with-venv"], ["--with-pip", "--with-venv"]):
            result = self.bootstrap(*arguments)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertEqual(self.logged(), [])

    def test_toolchains_that_are_new_enough_pass(self) -> None:
        for version in ("Swift version 6.1.2 (swift-6.1.2-RELEASE)", "Apple Swift version 6.10", "Swift version 10.0"):
            self.stub("swift", f"echo '{version}'")
            with self.subTest(version=version):
                self.assertEqual(self.bootstrap().returncode, 0)

    def test_an_old_toolchain_is_refused_with_both_versions(self) -> None:
        for version in ("6.0", "5.10"):
            self.stub("swift", f"echo 'Swift version {version}.1 (swift-{version}.1-RELEASE)'")
            with self.subTest(version=version):
                self.assert_refused(self.bootstrap(), f"is {version}, 6.1 or newer is needed")

    def test_a_missing_or_broken_toolchain_is_named(self) -> None:
        self.stub("swift", "exit 127")
        self.assert_refused(self.bootstrap(), "swift does not work here")
        self.stub("swift", "echo sweet")
        self.assert_refused(self.bootstrap(), "names no version that can be read: sweet")
        (self.stubs / "swift").unlink()
        self.assert_refused(self.bootstrap(), "there is no swift on the PATH")

    def test_missing_packages_are_one_command_for_a_user_who_may_not_install(self) -> None:
        self.install("libssl-dev")
        command = "install them with: sudo apt-get install libopenblas-dev zlib1g-dev\n"
        self.assert_refused(self.bootstrap(), command)
        self.stub("sudo", "exit 1")
        self.assert_refused(self.bootstrap(), command)
        self.assertEqual(self.logged(), [])

    def test_root_installs_what_is_missing(self) -> None:
        self.install("libssl-dev")
        self.stub("id", "echo 0")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assertEqual(
            self.logged(),
            ["apt-get update -qq", "apt-get install --yes -qq --no-install-recommends libopenblas-dev zlib1g-dev"],
        )

    def test_sudo_installs_where_it_asks_for_no_password(self) -> None:
        self.install()
        self.stub("sudo", 'echo "sudo $1" >>"$LOG"; shift; [[ $1 == true ]] || exec "$@"')
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assertEqual(self.logged()[-1].split()[-3:], PACKAGES)
        self.assertEqual(self.logged().count("sudo -n"), 3)

    def test_an_installation_that_fails_ends_the_run(self) -> None:
        self.install()
        self.stub("id", "echo 0")
        self.stub("apt-get", "exit 100")
        result = self.bootstrap()
        self.assertEqual(result.returncode, 1)
        self.assertIn("could not be installed", result.stderr)

    def test_pip_is_asked_for_only_when_a_model_must_be_fetched(self) -> None:
        self.stub("python3", "exit 1")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assert_refused(self.bootstrap("--with-pip"), "sudo apt-get install python3 python3-pip")

    def test_a_python_that_stays_without_pip_is_named(self) -> None:
        self.stub("python3", "exit 1")
        self.stub("id", "echo 0")
        result = self.bootstrap("--with-pip")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{self.stubs}/python3 has no pip", result.stderr)

    def test_checkers_are_looked_for_by_their_commands(self) -> None:
        self.install("libopenblas-dev", "libssl-dev", "zlib1g-dev")
        for checker in ("haproxy", "systemd-analyze", "openssl"):
            self.stub(checker, "exit 0")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assert_refused(self.bootstrap("--with-checkers"), "sudo apt-get install prometheus shellcheck")

    def test_a_browser_is_looked_for_by_its_commands(self) -> None:
        self.install("libopenblas-dev", "libssl-dev", "zlib1g-dev")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assert_refused(self.bootstrap("--with-browser"), "sudo apt-get install chromium chromium-driver")
        self.stub("chromium", "exit 0")
        self.assert_refused(self.bootstrap("--with-browser"), "sudo apt-get install chromium-driver")
        self.stub("chromedriver", "exit 0")
        self.assertEqual(self.bootstrap("--with-browser").returncode, 0)

    def test_java_is_looked_for_by_its_command(self) -> None:
        self.install("libopenblas-dev", "libssl-dev", "zlib1g-dev")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assert_refused(self.bootstrap("--with-java"), "sudo apt-get install default-jre-headless")
        self.stub("java", "exit 0")
        self.assertEqual(self.bootstrap("--with-java").returncode, 0)

    def test_mpi_is_looked_for_by_its_commands(self) -> None:
        self.stub("mpirun", "exit 0")
        self.assertEqual(self.bootstrap().returncode, 0)
        self.assert_refused(self.bootstrap("--with-mpi"), "sudo apt-get install libopenmpi-dev pkg-config")
        self.stub("mpicc", "exit 0")
        self.stub("pkg-config", "exit 0")
        self.assertEqual(self.bootstrap("--with-mpi").returncode, 0)

    def test_environments_are_asked_for_only_by_the_tests_with_clients(self) -> None:
        self.stub("python3", '[[ $* != *ensurepip* ]]')
        self.assertEqual(self.bootstrap("--with-pip").returncode, 0)
        self.assert_refused(self.bootstrap("--with-venv"), "sudo apt-get install python3 python3-venv")
        self.stub("id", "echo 0")
        result = self.bootstrap("--with-venv")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{self.stubs}/python3 has no venv or ensurepip", result.stderr)

    def test_an_unknown_argument_is_refused(self) -> None:
        self.assert_refused(self.bootstrap("--with-everything"), "usage:")
