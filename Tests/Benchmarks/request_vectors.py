"""The request vectors of Tests/HTTPTests, read from their Swift tables: one list of hostile requests for all tests.

Read are literals, and calls of the tables' own functions with literals; what is computed in another way is left out.
"""

from __future__ import annotations

import re
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent / "HTTPTests"
LITERAL = r'"((?:[^"\\\n]|\\[^(\n])*)"'
# `.init("name", <stream>`, of which this is the stream.
VECTOR = re.compile(
    rf"\.init\(\s*{LITERAL},\s*(?:(?P<function>chunked|withLine|framed)\(\s*)?{LITERAL}(?:,\s*body:\s*{LITERAL})?",
)
ESCAPE = re.compile(r'\\(?:u\{([0-9A-Fa-f]+)\}|([rnt0"\\]))')
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", '"': '"', "\\": "\\"}


def value(literal: str) -> str:
    return ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else ESCAPES[match[2]], literal)


def stream(function: str | None, text: str, body: str | None) -> str:
    """What the functions of RequestVectors.swift make of their arguments."""
    if function == "chunked":
        return f"POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{text}"
    if function == "withLine":
        return f"GET / HTTP/1.1\r\nHost: a\r\n{text}\r\n"
    if function == "framed":
        return f"POST /e HTTP/1.1\r\nHost: a\r\n{text}\r\n{'hello' if body is None else body}"
    return text


def request_vectors() -> list[bytes]:
    """All of them, in the order of their files."""
    found = []
    for path in sorted(DIRECTORY.glob("*Vectors.swift")):
        for match in VECTOR.finditer(path.read_text()):
            body = value(match[4]) if match[4] is not None else None
            found.append(stream(match["function"], value(match[3]), body).encode("latin-1", errors="replace"))
    if len(found) < 150:
        raise SystemExit(f"{DIRECTORY} holds {len(found)} vectors that can be read, expected 150 and more")
    return found
