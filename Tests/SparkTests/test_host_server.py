"""One server on a host: shared, ended with its last user, and not left behind by what is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from place import ROOT
from processes import PATIENCE, is_running, parent, until
from grace_spark import supervisor

# Writes its id into the directory that it is given, as a file's name, and says that it is ready.
SERVER = """
import os, pathlib, signal, sys, time
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
print(f"grace-server 0 ready: http://127.0.0.1:{os.getpid()}, fake", flush=True)
time.sleep(600)
"""
FAILING = "import sys; sys.exit('there is no such model')"
USER = """
import sys
from grace_spark.host_server import HostServer, HostServerError
try:
    print(HostServer("test", tuple(sys.argv[2:]), sys.argv[1] == "own", 30).locate(), flush=True)
except HostServerError as error:
    sys.exit(str(error))
sys.stdin.read()
"""


class HostServerTests(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.started = self.directory / "started"
        self.started.mkdir()

    def user(self, *command: str, kind: str = "shared") -> subprocess.Popen[str]:
        """A process that uses the server until its input ends."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "Deploy" / "spark"), "TMPDIR": str(self.directory)}
        command = command or (sys.executable, "-c", SERVER, str(self.started))
        process = subprocess.Popen([sys.executable, "-c", USER, kind, *command], env=environment, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def servers(self) -> list[int]:
        return [int(path.name) for path in self.started.iterdir() if is_running(int(path.name))]

    def test_all_on_a_host_share_one_and_it_ends_with_the_last(self) -> None:
        users = [self.user() for _ in range(4)]
        self.assertEqual(len({user.stdout.readline() for user in users}), 1)
        self.assertEqual(len(list(self.started.iterdir())), 1)
        for user in users[1:]:
            user.kill()
        time.sleep(supervisor.IDLE + 2)
        self.assertEqual(len(self.servers()), 1)
        users[0].kill()
        self.assertTrue(until(lambda: not self.servers()))
        self.assertIn("http", self.user().stdout.readline())
        self.assertEqual(len(list(self.started.iterdir())), 2)

    def test_a_supervisor_that_is_killed_takes_the_server_with_it_and_another_is_started(self) -> None:
        user = self.user()
        address = user.stdout.readline()
        os.kill(parent(*self.servers()), signal.SIGKILL)
        self.assertTrue(until(lambda: not self.servers()))
        again = self.user().stdout.readline()
        self.assertTrue(again.startswith("http") and again != address, again)

    def test_a_server_that_is_killed_is_started_again(self) -> None:
        address = self.user().stdout.readline()
        server, = self.servers()
        supervised = parent(server)
        os.kill(server, signal.SIGKILL)
        self.assertTrue(until(lambda: not is_running(supervised)))
        again = self.user().stdout.readline()
        self.assertTrue(again.startswith("http") and again != address, again)

    def test_a_server_that_cannot_start_says_why(self) -> None:
        for command, words in (((sys.executable, "-c", FAILING), "there is no such model"),
                               (("/nowhere/grace-server",), "No such file")):
            _, errors = self.user(*command).communicate(timeout=PATIENCE)
            self.assertIn("ended before it was ready", errors)
            self.assertIn(words, errors)

    def test_executors_can_have_one_each(self) -> None:
        # Users of one executor have one parent: here they all have, but the kind is part of the name.
        addresses = {self.user(kind=kind).stdout.readline() for kind in ("shared", "own", "own")}
        self.assertEqual(len(addresses), 2)


if __name__ == "__main__":
    unittest.main()
