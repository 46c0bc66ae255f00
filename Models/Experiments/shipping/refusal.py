"""The one error of these modules."""

from __future__ import annotations


class Refusal(Exception):
    """Something that does not fit, in one line with both values; it ends the run."""


def member(content: object, *keys: str, where: object) -> object:
    """What is at a path of keys in a JSON document.

    Raises Refusal, with the keys.
    """
    for number, key in enumerate(keys):
        if not isinstance(content, dict) or key not in content:
            raise Refusal(f"{where} has no {'.'.join(keys[: number + 1])}")
        content = content[key]
    return content
