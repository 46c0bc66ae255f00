"""Runs a server as long as somebody on this host uses it.

    python3 -m grace_spark.supervisor DIRECTORY COMMAND... >DIRECTORY/server.log

Whoever uses the server holds a shared lock on DIRECTORY/users, and the kernel takes it away from a process that is
killed. So the server ends a few seconds after its last user, however that ended; and with this process, by the kernel's
word too.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

ALIVE, USERS, ADDRESS, LOG = "alive", "users", "server.json", "server.log"
READY = re.compile(r"^grace-server \S+ ready: (https?://[^\s,]+),", re.MULTILINE)
# In seconds.
IDLE, POLL, STOPPING = 5.0, 0.25, 40.0
# Of <sys/prctl.h>.
PR_SET_PDEATHSIG = 1


def opened(path: Path) -> IO[str]:
    """A file to lock."""
    return path.open("a")


def takes(file: IO[str], kind: int) -> bool:
    """Whether a lock could be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def end_with_parent() -> None:
    """Has the kernel end this process with the one that started it (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def supervise(directory: Path, command: list[str]) -> int:
    """Runs the server until nobody uses it or it ends; returns its status in the second case, else 0."""
    alive, users = opened(directory / ALIVE), opened(directory / USERS)
    fcntl.flock(alive, fcntl.LOCK_EX)
    address = directory / ADDRESS
    address.unlink(missing_ok=True)
    log = directory / LOG
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen(command, preexec_fn=end_with_parent)
    try:
        last_used = time.monotonic()
        while server.poll() is None:
            if not address.exists() and (ready := READY.search(log.read_text(errors="replace"))):
                _write(address, json.dumps({"url": ready[1]}))
            if not takes(users, fcntl.LOCK_EX):
                last_used = time.monotonic()
            elif time.monotonic() - last_used > IDLE:
                return 0  # with the lock, so that nobody begins to use what ends
            else:
                fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(POLL)
        return server.returncode or 1
    finally:
        address.unlink(missing_ok=True)
        server.terminate()
        try:
            server.wait(STOPPING)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(supervise(Path(sys.argv[1]), sys.argv[2:]))
