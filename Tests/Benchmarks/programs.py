"""Starts the programs that are measured, and stops whatever was started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

# They choose kernels: what is in the caller's environment must not decide a measurement unseen.
CHOOSING_KERNELS = ("OPENBLAS_CORETYPE", "GRACE_KERNELS", "OMP_NUM_THREADS")

# What measurements are of where no other is named: the model by itself, without the adapter that is served by default.
MEASURED_MODEL = "SmolLM2-135M-Instruct"


def environment() -> dict[str, str]:
    """The caller's, without what chooses kernels."""
    return {name: value for name, value in os.environ.items() if name not in CHOOSING_KERNELS}


def free_port() -> int:
    """A port that nobody listens on, for a program that cannot choose one itself."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def stop_at_signals() -> None:
    """Makes SIGTERM and SIGHUP unwind like Ctrl-C, so that `with` stops the servers."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


class Server:
    """A server that runs from `with` until its end.

    `ready` is given what the server has printed so far, and answers its URL, or nothing while it is not ready.
    """

    def __init__(self, command: list[str], ready: Callable[[str], str | None], patience: float = 120) -> None:
        self.command, self.ready, self.patience = command, ready, patience

    def __enter__(self) -> Server:
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, env=environment(), stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT
        )
        try:
            self.url = self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.url.partition("://")[2].partition(":")
        return host, int(port)

    def printed(self) -> str:
        """All that the server has written to standard output and standard error."""
        # By position: the server's own writes share the file's offset.
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode(errors="replace")

    def wait_until_ready(self) -> str:
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if (url := self.ready(self.printed())) is not None:
                return url
            time.sleep(0.05)
        raise SystemExit(f"{' '.join(self.command)} did not start:\n{self.printed()[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()


def grace_server(binary: Path, options: list[str]) -> Server:
    """A grace-server on a free port."""

    def ready(printed: str) -> str | None:
        match = re.search(r"^grace-server \S+ ready: (https?://[^\s,]+),.*$", printed, re.MULTILINE)
        return match and match[1]

    return Server([str(binary), "--port", "0", "--admin-listen", "127.0.0.1:0", *options], ready)


def llama_server(binary: Path, options: list[str]) -> Server:
    """A llama.cpp server on a free port; it is ready when it says that it is healthy."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def ready(printed: str) -> str | None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                return url if answer.status == 200 else None
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    return Server([str(binary), "--host", "127.0.0.1", "--port", str(port), *options], ready)
