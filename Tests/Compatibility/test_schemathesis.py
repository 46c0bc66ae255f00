"""Holds a running server to its own OpenAPI document.

    pip install -r requirements-schemathesis.txt
    python3 test_schemathesis.py [--server PATH] [--models DIRECTORY] [--url URL] [-- OPTIONS OF SCHEMATHESIS]

Starts the server with short rationales, unless --url names one that runs, and has schemathesis send what the document
allows and what it forbids, with all of its checks. Exits with schemathesis's status.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def started_server(path, models):
    """The process and the URL of a server that is ready."""
    process = subprocess.Popen(
        [path, "--port", "0", "--admin-listen", "127.0.0.1:0", "--models", models, "--max-rationale-tokens", "2",
         "--rationale-tokens-limit", "8", "--log-level", "warning"],
        stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        found = re.search(r"ready: (http://[^,]+),", line)
        if found:
            return process, found.group(1)
    raise SystemExit(f"{path} ended with status {process.wait()} before it was ready")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=str(ROOT / ".build/release/grace-server"))
    parser.add_argument("--models", default=str(ROOT / "Models"))
    parser.add_argument("--url", help="a server that runs already")
    parser.add_argument("options", nargs="*", help="further options of schemathesis, after --")
    arguments = parser.parse_args()

    process, url = (None, arguments.url) if arguments.url else started_server(arguments.server, arguments.models)
    try:
        schemathesis = pathlib.Path(sysconfig.get_path("scripts")) / "schemathesis"
        # The seed is fixed: a run that fails can be repeated. What it keeps for later runs is left behind nowhere.
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(
                [schemathesis, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json",
                 "--checks", "all", "--max-examples", "40", "--seed", "1", "--request-timeout", "30",
                 "--generation-database", "none", *arguments.options], cwd=directory).returncode
    finally:
        if process:
            process.terminate()
            process.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
