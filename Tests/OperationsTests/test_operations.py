"""Operators' files, held to a server that runs: the metrics of rules and dashboard, the unit's sandbox, health.

`OPERATIONS_SERVER` names the program; else it is the one that Deploy/test has built, or Deploy/serve.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Benchmarks"))
sys.path.insert(0, str(ROOT / "Tests" / "DeployTests"))

from operators_files import UNIT, dashboard_expressions, metric_names, rule_expressions  # noqa: E402
from programs import Server, grace_server  # noqa: E402

BUILT = [ROOT / directory / "release" / "grace-server" for directory in (".build-test", ".build")]
CAN_ISOLATE = os.geteuid() == 0 and shutil.which("systemd-analyze") and Path("/usr/bin/python3").exists()
# Whose metrics are not the server's.
FOREIGN = ("haproxy_", "up", "grace:")


def program() -> Path:
    named = os.environ.get("OPERATIONS_SERVER")
    candidates = [Path(named)] if named else BUILT
    found = [path for path in candidates if path.exists()]
    if not found:
        raise SystemExit(f"there is no {' or '.join(map(str, candidates))}: build grace-server first")
    return found[0]


def others_reach_it() -> bool:
    """Whether another user can execute the program where the clone lies."""
    path = program().resolve()
    return all(place.stat().st_mode & 0o001 for place in [path, *path.parents])


def models() -> "list[str]":
    return ["--models", os.environ.get("OPERATIONS_MODELS", str(ROOT / "Models"))]


class RunningServerTests(unittest.TestCase):
    server: Server

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = grace_server(program(), models())
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.stop)
        embed(cls.server.url)
        with urllib.request.urlopen(f"{cls.server.url}/metrics", timeout=30) as answer:
            cls.scrape = answer.read().decode()

    def test_every_metric_of_the_rules_is_in_a_scrape(self) -> None:
        self.assertEqual(self.missing(rule_expressions().values()), set())

    def test_every_metric_of_the_dashboard_is_in_a_scrape(self) -> None:
        self.assertEqual(self.missing(dashboard_expressions()), set())

    def test_every_metric_of_a_scrape_is_on_the_dashboard(self) -> None:
        shown = set().union(*map(metric_names, dashboard_expressions()))
        families = set(re.findall(r"^# TYPE (\S+) ", self.scrape, re.MULTILINE))
        hidden = {family for family in families if not {family, f"{family}_bucket"} & shown}
        self.assertEqual(hidden, set())

    def missing(self, expressions: "list[str]") -> "set[str]":
        named = set().union(*map(metric_names, expressions))
        sampled = set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]", self.scrape, re.MULTILINE))
        self.assertGreater(len(named), 10)
        return {name for name in named - sampled if not name.startswith(FOREIGN)}

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not there")
    def test_promtool_finds_fault_only_with_names_that_are_anothers(self) -> None:
        result = subprocess.run(["promtool", "check", "metrics"], input=self.scrape, capture_output=True, text=True)
        faults = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("te_")]
        self.assertEqual(faults, [])

    def test_health_is_0_where_a_server_is_ready_and_1_where_nobody_is(self) -> None:
        _, port = self.server.address
        result = health(port)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        result = health(1)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no answer from 127.0.0.1:1: connect: Connection refused", result.stderr)


class DefaultModelTests(unittest.TestCase):
    """The adapter of the repository, with the program that was built."""

    NAME = "grace-smollm2-135m"

    def run_program(self, *arguments: str) -> str:
        result = subprocess.run([str(program()), *arguments], capture_output=True, text=True, timeout=120)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_it_is_what_the_server_serves_where_it_is_not_told_otherwise(self) -> None:
        self.assertRegex(self.run_program("--print-config"), rf"(?m)^model: {self.NAME}  # default$")
        with grace_server(program(), models()) as server:
            with urllib.request.urlopen(f"{server.url}/info", timeout=60) as answer:
                information = json.load(answer)
        manifest = json.loads((Path(models()[1]) / self.NAME / "grace.json").read_text())
        self.assertEqual(information["served_model_name"], self.NAME)
        self.assertEqual(information["default_max_rationale_tokens"], manifest["generation"]["max_rationale_tokens"])

    def test_it_is_verified_over_the_base_that_it_names(self) -> None:
        said = self.run_program("checkpoints", "verify", *models(), self.NAME)
        manifest = json.loads((Path(models()[1]) / self.NAME / "grace.json").read_text())
        self.assertRegex(said, rf"(?m)^checkpoint +{self.NAME}@[0-9a-f]{{12}}$")
        self.assertRegex(said, rf"(?m)^model files +{manifest['base']['sha256']}$")
        self.assertRegex(said, rf"(?m)^base +{manifest['base']['name']}$")


def health(port: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program(), "health", "--port", str(port)], capture_output=True, text=True, timeout=60)


def embed(url: str) -> bytes:
    body = b'{"inputs": "a", "max_rationale_tokens": 4}'
    request = urllib.request.Request(f"{url}/embed", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


@unittest.skipUnless(CAN_ISOLATE, "needs root, and systemd-analyze")
class SandboxTests(unittest.TestCase):
    SANDBOX = ["/usr/bin/python3", str(Path(__file__).with_name("unit_sandbox.py")), str(UNIT)]

    def setUp(self) -> None:
        if not others_reach_it():
            self.skipTest("only the owner reaches the program in this place")

    def run_isolated(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*self.SANDBOX, *command], capture_output=True, text=True, timeout=60)

    def test_what_the_unit_forbids_is_refused(self) -> None:
        for code, error in (
            ("open('/usr/local/new', 'w')", "Read-only file system"),
            ("import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)", "Operation not permitted"),
            ("import socket; socket.socket(socket.AF_NETLINK)", "Operation not permitted"),
            ("import os; os.chroot('/')", "Operation not permitted"),
            ("import os; os.nice(1)", "Operation not permitted"),
        ):
            with self.subTest(code=code):
                result = self.run_isolated("/usr/bin/python3", "-c", code)
                self.assertEqual(result.returncode, 1)
                self.assertIn(error, result.stderr)

    def test_the_server_answers_inside_it_and_ends_with_0(self) -> None:
        for precision in ("int8", "float32"):
            with self.subTest(precision=precision):
                options = ["--precision", precision, *models()]
                command = [*self.SANDBOX, str(program())]
                server = grace_server(Path(command[0]), options)
                server.command = [*command, *server.command[1:]]
                with server:
                    before = embed(server.url)
                    server.process.send_signal(signal.SIGHUP)
                    self.assertEqual(embed(server.url), before)
                    status = Path(f"/proc/{server.process.pid}/status").read_text()
                    self.assertRegex(status, r"(?m)^Uid:\s65534\s")
                    self.assertRegex(status, r"(?m)^Seccomp:\s2$")
                    server.process.terminate()
                    self.assertEqual(server.process.wait(timeout=60), 0)


if __name__ == "__main__":
    unittest.main()
