"""A copy of the commands in a directory of its own, with stubs in place of the programs that they call."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "Deploy"


class WorkspaceTestCase(unittest.TestCase):
    """Gives each test `root`, a repository that holds nothing but Deploy and Models, and `stubs`, a PATH to fill."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        # A space and a pattern character: every path has to survive them.
        self.root = Path(directory.name).resolve() / "a [clone]"
        self.stubs = self.root / "stubs"
        self.models = self.root / "Models"
        self.log = self.root / "log"
        shutil.copytree(DEPLOY, self.root / "Deploy")
        self.stubs.mkdir()
        (self.models / "manifests").mkdir(parents=True)

    def link(self, *programs: str) -> None:
        """Puts real programs on the PATH of the stubs."""
        for program in programs:
            path = shutil.which(program)
            assert path is not None, program
            (self.stubs / program).symlink_to(path)

    def stub(self, program: str, script: str) -> None:
        """A program on the PATH of the stubs; the script is Bash, and `$LOG` a file to write to."""
        path = self.stubs / program
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def environment(self, **variables: str) -> "dict[str, str]":
        return {"PATH": str(self.stubs), "LOG": str(self.log), "HOME": str(self.root), **variables}

    def run_command(self, *arguments: "str | Path", **options: object) -> "subprocess.CompletedProcess[str]":
        options = {"env": self.environment(), "cwd": self.root, **options}
        return subprocess.run(  # type: ignore[call-overload]
            [str(argument) for argument in arguments], text=True, capture_output=True, timeout=120, **options
        )

    def logged(self) -> "list[str]":
        return self.log.read_text().splitlines() if self.log.exists() else []

    def model_files(self) -> "list[str]":
        """All that is in Models except the manifests."""
        paths = (Path(parent, name) for parent, _, names in os.walk(self.models) for name in [*names, ""])
        found = {path.relative_to(self.models).as_posix() for path in paths}
        return sorted(path for path in found - {"."} if not path.startswith("manifests"))
