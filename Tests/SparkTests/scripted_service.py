"""A service that answers as grace-server does, and what a test says: it has no room, refuses, swaps, or breaks off."""

from __future__ import annotations

import base64
import hashlib
import struct
import threading
from http.server import ThreadingHTTPServer
from typing import Any

import place  # noqa: F401, of modules
from json_handler import JSONHandler

FINGERPRINT = "0123456789abcdef" * 4
OTHER_FINGERPRINT = "fedcba9876543210" * 4
COMPUTE = "int4/avx2"
DIMENSIONS = 4
LONGEST = 100


def vector(text: str) -> tuple[float, ...]:
    """Of a text: numbers that say nothing, and are always the same."""
    return struct.unpack(f"<{DIMENSIONS}f", struct.pack(f"<{DIMENSIONS}f", *hashlib.sha256(text.encode()).digest()[:4]))


class ScriptedService(ThreadingHTTPServer):
    """What it does is in its attributes, which a test may change while it runs.

    - troubles: answered first, one to a request: status and headers, or None for a connection that is broken off.
    - fails_after, swaps_after: so many requests, then 401, or answers of another checkpoint.
    - answers_with: the fingerprint and the arithmetic that answers name.
    - requests: path and body of each POST, and its key.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.troubles: list[tuple[int, dict[str, str]] | None] = []
        self.fails_after: int | None = None
        self.swaps_after: int | None = None
        self.answers_with = FINGERPRINT, COMPUTE
        self.requests: list[tuple[str, dict[str, Any], str | None]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def embedded(self) -> list[str]:
        """All texts that were answered with vectors, in order."""
        return [text for path, body, _ in self.requests for text in texts_of(path, body) if not refuses(path, body)]


def texts_of(path: str, body: dict[str, Any]) -> list[str]:
    return body["inputs" if path == "/explain" else "input"]


def refuses(path: str, body: dict[str, Any]) -> str | None:
    """Why a request is refused, by its texts."""
    for index, text in enumerate(texts_of(path, body)):
        if len(text) > LONGEST:
            return f"inputs[{index}] has {len(text)} tokens with the prompt around it, the limit is {LONGEST}"
        if "�" in text:
            return "the tokenizer refuses the text"
    return None


class Handler(JSONHandler):
    server: ScriptedService

    def do_GET(self) -> None:
        self.reply(200, {
            "checkpoint": f"Reader@{FINGERPRINT[:12]}", "model_id": "Reader", "model_sha": FINGERPRINT,
            "compute": COMPUTE, "default_max_rationale_tokens": 3, "max_client_batch_size": 8,
            "max_concurrent_requests": 64, "max_batch_tokens": 4096})

    def do_POST(self) -> None:
        body = self.body()
        if self.server.troubles:
            trouble = self.server.troubles.pop(0)
            if trouble is None:
                self.close_connection = True
            else:
                self.reply(trouble[0], {"error": "as the test says", "error_type": "Overloaded"}, trouble[1])
            return
        count = len(self.server.requests)
        if self.server.fails_after is not None and count >= self.server.fails_after:
            return self.reply(401, {"error": "as the test says", "error_type": "Unauthorized"})
        if self.server.swaps_after is not None and count >= self.server.swaps_after:
            self.server.answers_with = OTHER_FINGERPRINT, COMPUTE
        self.server.requests.append((self.path, body, self.headers["Authorization"]))
        fingerprint, compute = self.server.answers_with
        if body["model"] != f"Reader@{FINGERPRINT}":
            self.reply(404, {"error": f"no checkpoint '{body['model']}' is served", "error_type": "Request"})
        elif message := refuses(self.path, body):
            self.reply(422, {"error": {"message": message}})
        else:
            headers = {"x-grace-checkpoint": f"Reader@{fingerprint[:12]}", "x-grace-compute": compute}
            self.reply(200, answer(self.path, texts_of(self.path, body)), headers)


def answer(path: str, texts: list[str]) -> Any:
    if path == "/explain":
        return [{"embedding": vector(text), "rationale": f"It says {text}."} for text in texts]
    return {"data": [{"embedding": base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *vector(text))).decode()}
                     for text in texts]}
