"""The requests of a mixed load, each with the answer that it must get and the route that /metrics counts it under."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass
from typing import Any

KEY = "mixed-soak-0123456789abcdef"
WORDS = "river market engine theory garden winter letter number signal copper bridge harvest mirror ocean".split()
SHARED_TEXTS = 32
NO_ROUTE = "none"
OTHER_ROUTE = "other"


@dataclass(frozen=True)
class Exchange:
    """One request as it stands on the wire, and its answer: `needle` is in the body, unless that is compressed."""

    kind: str
    content: bytes
    route: str
    status: int = 200
    needle: bytes = b""


def request(method: str, path: str, body: bytes | None = None, *fields: str, key: str | None = KEY) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: a", *fields]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    if body is not None:
        if not any(field.startswith("Content-Type") for field in fields):
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(body)}")
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + (body or b"")


def post(path: str, body: Any, *fields: str, key: str | None = KEY) -> bytes:
    return request("POST", path, json.dumps(body).encode(), *fields, key=key)


GOOD_BODY = {"inputs": "A river.", "max_rationale_tokens": 0}
REFUSED = [
    Exchange("no request", b"GET\r\n\r\n", NO_ROUTE, 400),
    Exchange("bare line feeds", b"GET / HTTP/1.1\nHost: a\n\n", NO_ROUTE, 400),
    Exchange("two lengths", request("POST", "/embed", b"x", "Content-Length: 2"), NO_ROUTE, 400),
    Exchange("long line", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", NO_ROUTE, 414),
    Exchange("many fields", request("GET", "/health", None, *["A: b"] * 120), NO_ROUTE, 431),
    Exchange("unknown method", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", NO_ROUTE, 501),
    Exchange("version", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", NO_ROUTE, 505),
    Exchange("no such path", request("GET", "/nowhere"), OTHER_ROUTE, 404),
    Exchange("no such method", request("GET", "/embed"), "/embed", 405),
    Exchange("no key", post("/embed", GOOD_BODY, key=None), "/embed", 401),
    Exchange("wrong key", post("/embed", GOOD_BODY, key=KEY[:-1]), "/embed", 401),
    Exchange("media type", request("POST", "/embed", b"a=b", "Content-Type: text/plain"), "/embed", 415),
    Exchange("no JSON", request("POST", "/embed", b'{"inputs": '), "/embed", 400),
    Exchange("dimensions", post("/embed", {**GOOD_BODY, "dimensions": 0}), "/embed", 422),
    Exchange("no inputs", post("/v1/embeddings", {"input": []}), "/v1/embeddings", 400),
    Exchange("unknown checkpoint", post("/embed", {**GOOD_BODY, "model": "nobody"}), "/embed", 404),
    Exchange("another model's route", post("/rerank", {}), "/rerank", 424),
    Exchange("damaged gzip", request("POST", "/embed", b"\x1f\x8bxxxxxxxx", "Content-Encoding: gzip"), "/embed", 400),
    Exchange("unknown coding", request("POST", "/embed", b"xx", "Content-Encoding: br"), "/embed", 415),
    Exchange(
        "bomb", request("POST", "/embed", gzip.compress(bytes(5_000_000)), "Content-Encoding: gzip"), "/embed", 413
    ),
    Exchange(
        "too late", post("/embed", {"inputs": "The deadline.", "max_rationale_tokens": 64, "seed": 1, "temperature": 1},
                         "x-request-timeout: 0.001"), "/embed", 504,
    ),
]
PLAIN = [
    Exchange("health", request("GET", "/health", key=None), "/health"),
    Exchange("info", request("GET", "/info"), "/info", needle=b"model_id"),
    Exchange("models", request("GET", "/v1/models"), "/v1/models", needle=b"data"),
    Exchange("document", request("GET", "/openapi.json", None, "Accept-Encoding: gzip"), "/openapi.json"),
    Exchange("tokens", post("/tokenize", {"inputs": "A river."}), "/tokenize", needle=b"special"),
    Exchange("similarity", post("/similarity", {
        "inputs": {"source_sentence": "A cat.", "sentences": ["A kitten.", "Stocks."]},
        "parameters": {"max_rationale_tokens": 0},
    }), "/similarity", needle=b"["),
]
# How often each kind is drawn.
MIX = {
    "embed": 20, "cached": 20, "several": 5, "openai": 5, "compressed": 6, "explain": 6, "stream": 10, "plain": 10,
    "refused": 15, "gone": 12,
}


class Mix:
    """A generator of its own for each client."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        words = (self.random.choice(WORDS) for _ in range(self.random.randrange(3, 30)))
        return f"{' '.join(words)} {self.random.randrange(10**9)}."

    def kind(self) -> str:
        return self.random.choices(list(MIX), list(MIX.values()))[0]

    def draw(self, kind: str) -> Exchange:
        tokens = self.random.choice((0, 0, 4, 8))
        fields = ["Accept-Encoding: gzip"] if self.random.random() < 0.3 else []
        body: dict[str, Any] = {"inputs": self.text(), "max_rationale_tokens": tokens}
        match kind:
            case "cached":
                body = {"inputs": f"Shared text {self.random.randrange(SHARED_TEXTS)}.", "max_rationale_tokens": 4}
            case "several":
                body["inputs"] = [self.text() for _ in range(self.random.randrange(2, 6))]
            case "openai":
                return Exchange(kind, post("/v1/embeddings", {
                    "input": self.text(), "encoding_format": "base64", "max_rationale_tokens": tokens,
                }), "/v1/embeddings", needle=b'"embedding"')
            case "compressed":
                content = gzip.compress(json.dumps(body).encode(), 1)
                return Exchange(kind, request("POST", "/embed", content, "Content-Encoding: gzip", *fields), "/embed")
            case "explain":
                return Exchange(kind, post("/explain", body, *fields), "/explain")
            case "stream":
                body |= {"stream": True, "max_rationale_tokens": self.random.choice((4, 16))}
                return Exchange(kind, post("/explain", body), "/explain", needle=b"event: done")
            case "plain":
                return self.random.choice(PLAIN)
            case "refused":
                return self.random.choice(REFUSED)
            case _:
                pass
        return Exchange(kind, post("/embed", body, *fields), "/embed")
