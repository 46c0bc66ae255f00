"""What is asked of a grace-server: the same checkpoint every time, again where it has no room, and no row twice."""

from __future__ import annotations

import base64
import http.client
import json
import random
import struct
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .rows import Reason, Rejection, Row, rejected

# In seconds.
TIMEOUT = 600
FIRST_WAIT, LONGEST_WAIT = 0.25, 30.0
# What may be well a little later: no room, no model yet, a proxy without a server behind it, a time that is over.
PASSING = (408, 429, 500, 502, 503, 504)
# What is wrong with a text of the request, not with the request itself.
REFUSING = (400, 413, 422, 424)


class ServiceError(Exception):
    """The service cannot do what is asked, and waiting does not help; or it did not come back in time."""


class Refused(Exception):
    """A text of the request is not taken."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Checkpoint:
    """What vectors are of, and how they are computed: those of two of these must not be mixed."""

    name: str
    fingerprint: str
    compute: str

    @property
    def pin(self) -> str:
        """What a request names, so that no other checkpoint answers it."""
        return f"{self.name}@{self.fingerprint}"

    @property
    def shown(self) -> str:
        """What an answer names."""
        return f"{self.name}@{self.fingerprint[:12]}"


@dataclass(frozen=True)
class Answer:
    """A vector, float32 in little-endian, and the rationale behind it, where that was asked for."""

    vector: bytes
    rationale: str | None


@dataclass(frozen=True)
class Embedded:
    """A row's vector and rationale."""

    id: str
    answer: Answer


class Service:
    """A server at an address that may change: `locate` gives it, and is asked again after a connection was lost.

    Safe for several threads, each of which has a connection of its own.
    """

    def __init__(self, locate: Callable[[], str], key: str | None = None, patience: float = 300,
                 sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic) -> None:
        self.locate, self.key, self.patience = locate, key, patience
        self.sleep, self.clock = sleep, clock
        self.local = threading.local()

    def info(self) -> dict[str, Any]:
        """What `/info` tells.

        Raises ServiceError.
        """
        return json.loads(self._answer("GET", "/info", None)[1])

    def embed(self, texts: list[str], checkpoint: Checkpoint, fields: dict[str, Any], rationales: bool) -> list[Answer]:
        """The vectors of texts in their order, all of them of the checkpoint.

        Raises Refused, ServiceError.
        """
        path, inputs = ("/explain", "inputs") if rationales else ("/v1/embeddings", "input")
        form = {"embedding": True} if rationales else {"encoding_format": "base64"}
        body = {**fields, **form, inputs: texts, "model": checkpoint.pin}
        headers, content = self._answer("POST", path, json.dumps(body, ensure_ascii=False).encode())
        for name, expected in (("x-grace-checkpoint", checkpoint.shown), ("x-grace-compute", checkpoint.compute)):
            if headers[name] != expected:
                raise ServiceError(f"{name} of an answer is {headers[name]}, the output's is {expected}")
        answers = _explained(content) if rationales else _embedded(content)
        if len(answers) != len(texts):
            raise ServiceError(f"{path} answered {len(answers)} vectors to {len(texts)} texts")
        return answers

    def _answer(self, method: str, path: str, body: bytes | None) -> tuple[http.client.HTTPMessage, bytes]:
        """Head and body of an answer that is a result, asked for until there is one."""
        end = self.clock() + self.patience
        wait = FIRST_WAIT
        while True:
            asked = 0.0
            try:
                status, headers, content = self._exchange(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                self._disconnect()
                trouble = f"{type(error).__name__}: {error}"
            else:
                if status == 200:
                    return headers, content
                trouble = f"{status}: {_message(content)}"
                if status in REFUSING:
                    raise Refused(status, _message(content))
                if status not in PASSING:
                    raise ServiceError(f"{path} answered {trouble}")
                asked = _seconds(headers["Retry-After"])
            # A little longer for each, so that those who were refused together do not come back together.
            delay = max(asked, wait) * random.uniform(1, 1.25)
            if self.clock() + delay > end:
                raise ServiceError(f"{path} did not answer within {self.patience:g} s; at last it was {trouble}")
            self.sleep(delay)
            wait = min(2 * wait, LONGEST_WAIT)

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = getattr(self.local, "connection", None)
        if connection is None:
            url = urllib.parse.urlsplit(self.locate())
            kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
            connection = self.local.connection = kind(url.netloc, timeout=TIMEOUT)
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()

    def _disconnect(self) -> None:
        connection, self.local.connection = getattr(self.local, "connection", None), None
        if connection is not None:
            connection.close()


def embed_rows(rows: list[Row], embed: Callable[[list[str]], list[Answer]]) -> list[Embedded | Rejection]:
    """What becomes of each row, in their order: where texts are refused, those at fault are found by halving.

    Raises what `embed` raises, but Refused.
    """
    try:
        return [Embedded(row.id, answer) for row, answer in zip(rows, embed([row.text for row in rows]))]
    except Refused as refusal:
        if len(rows) > 1:
            middle = len(rows) // 2
            return embed_rows(rows[:middle], embed) + embed_rows(rows[middle:], embed)
        is_long = refusal.status == 413 or "tokens with the prompt around it" in refusal.message
        return [rejected(rows[0], Reason.TOO_LONG if is_long else Reason.REFUSED, refusal.message)]


def _embedded(content: bytes) -> list[Answer]:
    return [Answer(base64.b64decode(item["embedding"]), None) for item in json.loads(content)["data"]]


def _explained(content: bytes) -> list[Answer]:
    return [Answer(struct.pack(f"<{len(item['embedding'])}f", *item["embedding"]), item["rationale"])
            for item in json.loads(content)]


def _message(content: bytes) -> str:
    """What an error says, in either dialect."""
    try:
        error = json.loads(content)["error"]
        return error["message"] if isinstance(error, dict) else str(error)
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")


def _seconds(retry_after: str | None) -> float:
    """RFC 9110, section 10.2.3, without its form as a date."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
