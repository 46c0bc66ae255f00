"""Runs the tests of the job on Spark in an environment that has Spark.

    python3 run.py [--server PROGRAM] [--directory DIRECTORY]

Makes the environment, and runs all tests of this directory in it. Exits with 1 if one fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Compatibility"))

import environments  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", type=Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--directory", type=Path, default=ROOT / ".build-spark", help="where the environment is kept")
    arguments = parser.parse_args()
    if not arguments.server.exists():
        sys.exit(f"run.py: there is no {arguments.server}: build grace-server first")
    try:
        requirements = [str(HERE / "requirements.txt")]
        python = environments.environment(arguments.directory.resolve(), sys.executable, requirements)
    except environments.CannotInstall as error:
        sys.exit(f"run.py: {error}")
    # Spark starts a Python by its name, too.
    variables = {**os.environ, "SPARK_SERVER": str(arguments.server.resolve()),
                 "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    tests = [python, "-m", "unittest", "discover", "--verbose", "--start-directory", HERE]
    sys.exit(subprocess.run(tests, env=variables).returncode)


if __name__ == "__main__":
    main()
