"""One server for all who embed on a host: the first starts it, and it ends with the last."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import supervisor

POLL = 0.1
# Of a log that tells why a server did not start, in characters.
EXCERPT = 2000

# The locks of this process, by the directories that they are in: held until it ends, so that a server is kept from one
# task to the next.
_held: dict[Path, IO[str]] = {}


class HostServerError(Exception):
    """No server on this host."""


@dataclass(frozen=True)
class HostServer:
    """The server that a host is to run.

    - name: what it is shared by: those who name another have another.
    - is_own: whether each executor has one by itself.
    - patience: how long it may take to be ready, in seconds.
    """

    name: str
    command: tuple[str, ...]
    is_own: bool = False
    patience: float = 300

    def directory(self) -> Path:
        """Where its files are on this host: of this user alone.

        Raises HostServerError.
        """
        # Processes of one executor have one parent, PySpark's daemon.
        identity = [self.name, *self.command, str(os.getppid()) if self.is_own else ""]
        digest = hashlib.sha256("\0".join(identity).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"grace-spark-{os.getuid()}-{digest}"
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise HostServerError(f"{path} is not this user's alone")
        return path

    def locate(self) -> str:
        """The address of the server, which is started if it does not run. This process is one of its users from now on.

        Raises HostServerError.
        """
        directory = self.directory()
        if directory not in _held:
            users = supervisor.opened(directory / supervisor.USERS)
            fcntl.flock(users, fcntl.LOCK_SH)
            _held[directory] = users
        with supervisor.opened(directory / "start") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            return self._running(directory)

    def _running(self, directory: Path) -> str:
        process: subprocess.Popen[bytes] | None = None
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if _is_alive(directory):
                if url := _address(directory):
                    return url
            elif process is None:
                process = self._start(directory)
            elif process.poll() is not None:
                raise HostServerError(f"{' '.join(self.command)} ended before it was ready:\n{_log(directory)}")
            time.sleep(POLL)
        raise HostServerError(f"{' '.join(self.command)} was not ready within {self.patience:g} s:\n{_log(directory)}")

    def _start(self, directory: Path) -> subprocess.Popen[bytes]:
        # A session of its own: what ends an executor's processes must not end the server of others.
        command = [sys.executable, "-m", supervisor.__name__, str(directory), *self.command]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with (directory / supervisor.LOG).open("wb") as log:
            return subprocess.Popen(command, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=subprocess.STDOUT)


def of_binary(name: str, binary: str, models: str, model: str | None, options: list[str], is_own: bool) -> HostServer:
    """A grace-server on a free port of the loopback interface."""
    command = [binary, "--port", "0", "--admin-listen", "off", "--log-level", "warning", "--models", models]
    named = ["--model", model] if model else []
    return HostServer(name, tuple([*command, *named, *options]), is_own)


def _is_alive(directory: Path) -> bool:
    with supervisor.opened(directory / supervisor.ALIVE) as alive:
        return not supervisor.takes(alive, fcntl.LOCK_SH)


def _address(directory: Path) -> str | None:
    try:
        return json.loads((directory / supervisor.ADDRESS).read_text())["url"]
    except FileNotFoundError:
        return None


def _log(directory: Path) -> str:
    try:
        return (directory / supervisor.LOG).read_text(errors="replace")[-EXCERPT:].strip()
    except FileNotFoundError:
        return ""
