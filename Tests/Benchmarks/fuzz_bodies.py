"""Bodies for the routes of an OpenAPI document: valid ones from their schemas, and damaged ones from those."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

# Values where another one is expected: of another type, or too large, small, deep or odd.
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**400, 1e308, -0.0, 1e-320, 0.1,
    "", " ", "\0", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "e\u0301" * 40, "<|im_end|>", "<|endoftext|><think>",
    "a" * 5000, "\U0001f600" * 300, "{{ 7 * 7 }}", "../../etc/passwd", "%s%n", [], {}, [[]], [None], [[[[[]]]]], [-1],
    [2**40], [0] * 2000, {"": {"": {}}}, ["", ""], ["a"] * 40,
]
RAW = [
    "NaN", "Infinity", "-", "1e", "01", "1e99999", '"\\ud800"', '"\\u00"', '"\\x"', "[" * 3000, '{"a":' * 3000, "tru",
    "'a'", "", '"\x01"', '"\udcff"', "[1,]", "{,}", '{"a"}', "\ufeff1", "1 1", "/*a*/1", "-" * 500,
    "9" * 3000, "0." + "1" * 3000,
]
MARK = "@raw@"


class Bodies:
    """A document's POST routes."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas = document["components"]["schemas"]
        self.routes = {
            path: operations["post"]["requestBody"]["content"]["application/json"]["schema"]
            for path, operations in document["paths"].items()
            if "post" in operations
        }
        self.gets = [path for path, operations in document["paths"].items() if "get" in operations]

    def valid(self, source: random.Random, path: str) -> Any:
        return self.value(source, self.routes[path], 0)

    def value(self, source: random.Random, schema: dict[str, Any], depth: int) -> Any:
        """One that the schema allows, small enough to be cheap."""
        if reference := schema.get("$ref"):
            return self.value(source, self.schemas[reference.rpartition("/")[2]], depth)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self.value(source, source.choice(schema[choice]), depth)
        if "enum" in schema:
            return source.choice(schema["enum"])
        kinds = schema.get("type", "null")
        kind = kinds if isinstance(kinds, str) else source.choice(kinds)
        low, high = schema.get("minimum", 0), min(schema.get("maximum", 1000), 1000)
        match kind:
            case "object":
                required = schema.get("required", [])
                return {
                    name: self.value(source, member, depth + 1)
                    for name, member in schema.get("properties", {}).items()
                    if name in required or source.random() < 0.25
                }
            case "array":
                count = source.randint(schema.get("minItems", 0), min(schema.get("maxItems", 3), 3))
                return [self.value(source, schema.get("items", {}), depth + 1) for _ in range(count)]
            case "string":
                example = schema.get("example")
                if isinstance(example, str) and source.random() < 0.5:
                    return example
                return f"note {source.randrange(40)} on the {source.choice(['river', 'mill', 'größe', '川', '😀'])}"
            case "integer":
                return source.randint(low, high)
            case "number":
                return source.uniform(low, high)
            case "boolean":
                return source.random() < 0.5
            case _:
                return None

    def body(self, source: random.Random, path: str) -> bytes:
        """One time in three as it should be, else with other values, other JSON, or other bytes."""
        valid = self.valid(source, path)
        kind = source.randrange(6)
        if kind < 2:
            return dumped(valid)
        if kind < 4:
            return dumped(replaced(source, valid, source.choice(HOSTILE)))
        text = dumped(replaced(source, valid, MARK)).replace(f'"{MARK}"'.encode(), raw(source), 1)
        return text if kind == 4 else damaged(source, text)


def raw(source: random.Random) -> bytes:
    return source.choice(RAW).encode("utf-8", errors="surrogateescape")


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def replaced(source: random.Random, value: Any, by: Any) -> Any:
    """A copy with another value at some place, or one member more."""
    result = copy.deepcopy(value)
    places: list[tuple[Any, Any]] = []

    def visit(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in items:
            places.append((node, key))
            visit(child)

    visit(result)
    if not places or source.random() < 0.05:
        return by
    node, key = source.choice(places)
    node[key] = by
    return result


def damaged(source: random.Random, content: bytes) -> bytes:
    """Some bytes flipped, taken out, doubled, put in, or cut off."""
    result = bytearray(content)
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        place = source.randrange(len(result) + 1)
        end = min(len(result), place + source.choice((1, 1, 2, 8, 40)))
        match source.randrange(6):
            case 0 if place < len(result):
                result[place] ^= 1 << source.randrange(8)
            case 1:
                del result[place:end]
            case 2:
                result[place:place] = result[place:end] * source.choice((1, 2, 30))
            case 3:
                inserted = (b"\0", b"\r\n", b"\n", b"\r", b" ", b"\xff", b":", b"\r\n\r\n", b",")
                result[place:place] = source.choice(inserted)
            case 4:
                result[place:place] = source.randbytes(source.randrange(1, 9))
            case 5 if source.random() < 0.3:
                del result[place:]
            case _:
                pass
    return bytes(result)
