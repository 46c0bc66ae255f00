"""The Pythons that have the clients: each is made once, and anew when its requirements change."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TORCH_PYTHON = "GRACE_TORCH_PYTHON"
# The file that is written last: an environment without it is half made.
COMPLETE = "complete"


class CannotInstall(Exception):
    """An environment could not be made."""


def clients(directory):
    """The Python that has all clients but mteb.

    Raises CannotInstall.
    """
    return environment(directory / "clients", sys.executable, ["requirements.txt"])


def mteb(directory):
    """The Python that has mteb: beside the torch of the Python that GRACE_TORCH_PYTHON names, or else with torch from PyPI.

    Raises CannotInstall.
    """
    torch_python = os.environ.get(TORCH_PYTHON)
    if not torch_python:
        return environment(directory / "mteb", sys.executable, ["requirements-mteb.txt", "requirements-torch.txt"])
    missing = f"{TORCH_PYTHON} is {torch_python}, which has no torch and transformers"
    run(torch_python, "-c", "import torch, transformers", failure=missing)
    packages = run(torch_python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", failure=missing)
    return environment(directory / "mteb", torch_python, ["requirements-mteb.txt"], beside=packages)


def browser(_):
    """The Python of a browser's tests, which need no package: what they need is a program, Debian's chromium-driver."""
    return sys.executable


def environment(directory, base, requirements, beside=None):
    """Makes a virtual environment unless it is there, and returns its Python.

    - base: the Python that it is made from.
    - requirements: files of packages with their versions. All of them are named, so none is looked for.
    - beside: a directory of packages that it sees behind its own.
    Raises CannotInstall.
    """
    python = directory / "bin" / "python"
    contents = [str(base), str(beside)] + [(HERE / name).read_text() for name in requirements]
    digest = hashlib.sha256("\0".join(contents).encode()).hexdigest()
    complete = directory / COMPLETE
    if complete.exists() and complete.read_text() == digest and python.exists():
        return python
    print(f"installing {', '.join(requirements)} into {directory}", flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    failure = f"{directory.name}: the packages of {', '.join(requirements)} could not be installed"
    run(base, "-m", "venv", directory, failure=failure)
    if beside:
        packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", failure=failure)
        (pathlib.Path(packages) / "beside.pth").write_text(beside + "\n")
    options = [option for name in requirements for option in ("--requirement", HERE / name)]
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
        *options, failure=failure)
    complete.write_text(digest)
    return python


def run(*command, failure):
    """What a command prints.

    Raises CannotInstall, with what was to be done and what was written last.
    """
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise CannotInstall(f"{failure}: {error}") from error
    if result.returncode != 0:
        raise CannotInstall(failure + ":\n" + "\n".join(result.stdout.splitlines()[-10:]))
    return result.stdout.strip()
