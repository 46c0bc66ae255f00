"""A grace-server that verifies checkpoints and embeds texts, to see what they come to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from .refusal import Refusal

READY = re.compile(r" ready: (http://[^\s,]+),")
SECONDS = 600


class Program:
    """The program, over one directory of checkpoints."""

    def __init__(self, path: Path, models: Path) -> None:
        self._path = path
        self._models = models

    def verify(self, name: str) -> dict[str, str]:
        """What `checkpoints verify` prints: values by their names, as `fingerprint` and `model files`.

        Raises Refusal, with what the program says, where the checkpoint cannot be served.
        """
        command = [str(self._path), "checkpoints", "verify", "--models", str(self._models), name]
        result = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise Refusal(result.stderr.strip() or f"{command[0]} ended with {result.returncode}")
        return {line[:13].strip(): line[13:] for line in result.stdout.splitlines()}

    def vectors(
        self, name: str, texts: list[str], rationale_tokens: int, precision: str | None = None
    ) -> list[list[float]]:
        """Starts a server with a checkpoint, embeds texts greedily, and ends it.

        Raises Refusal, with what the server says, where it does not start or answer.
        """
        command = [str(self._path), "--port", "0", "--admin-listen", "off", "--models", str(self._models)]
        command += ["--model", name, "--log-level", "warning"]
        command += ["--precision", precision] if precision else []
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(
                command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True
            )
            try:
                ready = next(filter(None, map(READY.search, process.stdout or [])), None)
                if ready is None:
                    process.wait()
                    said.seek(0)
                    raise Refusal(said.read().strip() or f"{command[0]} ended with {process.returncode}")
                return embed(ready[1], texts, rationale_tokens)
            finally:
                process.terminate()
                process.wait()
                if process.stdout:
                    process.stdout.close()


def environment() -> dict[str, str]:
    """The caller's, without what would change the server's settings or its arithmetic."""
    return {
        name: value for name, value in os.environ.items()
        if not name.startswith("GRACE_") and name != "OPENBLAS_CORETYPE"
    }


def embed(url: str, texts: list[str], rationale_tokens: int) -> list[list[float]]:
    body = {"inputs": texts, "max_rationale_tokens": rationale_tokens, "temperature": 0}
    request = urllib.request.Request(
        f"{url}/embed", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refusal(f"the server answered {error.code}: {error.read().decode(errors='replace')}") from error
    except (OSError, ValueError) as error:
        raise Refusal(f"the server did not answer: {error}") from error
