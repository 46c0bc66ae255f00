"""A grace-server on free ports, with the default model and one that has prompts."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BASE_MODEL = "SmolLM2-135M-Instruct"
DEFAULT_MODEL = "grace-smollm2-135m"
PROMPTED_MODEL = "Prompted"
PROMPTS = {"query": "Query: ", "document": ""}
READY = re.compile(r"ready: (http://[^,]+),.* admin (http://\S+)")


class ServerError(Exception):
    """The server did not become ready."""


def prepare_models(source, directory):
    """Makes a directory of checkpoints: the default model, the same with prompts of its own, and the base of both."""
    manifest = json.loads((source / DEFAULT_MODEL / "grace.json").read_text())
    for name, original in {BASE_MODEL: BASE_MODEL, DEFAULT_MODEL: DEFAULT_MODEL, PROMPTED_MODEL: DEFAULT_MODEL}.items():
        target = directory / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in sorted((source / original).iterdir()):
            try:
                os.link(file, target / file.name)
            except OSError:  # another file system
                shutil.copyfile(file, target / file.name)
    # A new file: the one that is there may be the original's by another name.
    (directory / PROMPTED_MODEL / "grace.json").unlink()
    (directory / PROMPTED_MODEL / "grace.json").write_text(json.dumps({**manifest, "prompts": PROMPTS}))
    return directory


@contextlib.contextmanager
def running(program, models, *options, ready_seconds=120):
    """Starts a server, gives its URL and its operator's, and ends it.

    - Raises: ServerError, if it ends or takes too long before it is ready.
    """
    command = [program, "--port", "0", "--admin-listen", "127.0.0.1:0", "--models", models, "--log-level", "warning"]
    # The server refuses settings that it does not know, and those that it knows are not the caller's to make here.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GRACE_")}
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=variables)
    try:
        late = threading.Timer(ready_seconds, process.kill)
        late.start()
        try:
            found = next(filter(None, map(READY.search, process.stdout)), None)
        finally:
            late.cancel()
        if found is None:
            raise ServerError(f"{program} ended with status {process.wait()} before it was ready")
        yield found.group(1), found.group(2)
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
            process.stdout.close()
