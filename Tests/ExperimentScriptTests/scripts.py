"""Where the scripts under test are, and a trainer for them: importing this makes `shipping` importable."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "Models" / "Experiments"
SHIP = EXPERIMENTS / "ship"
sys.path.insert(0, str(EXPERIMENTS))

# Before what a test's trainer does: it tells what it was asked for.
HEAD = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    print(json.dumps(arguments), file=log)
"""


class StubTrainerTestCase(unittest.TestCase):
    """Tests of scripts that call a trainer, with one that only tells what it was asked for."""

    body: str  # what it does then, in Python

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.log = self.directory / "log"
        self.trainer = self.directory / "trainer"
        self.trainer.write_text(HEAD.format(python=sys.executable, log=str(self.log)) + self.body)
        self.trainer.chmod(0o755)

    def calls(self) -> "list[list[str]]":
        """The arguments of each call so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]
