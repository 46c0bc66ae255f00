"""What an output was made with: written before its first chunk, and held against every run that goes on with it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import publish
from .service import Checkpoint

NAME = "_manifest.json"
VERSION = 1


class ManifestError(Exception):
    """An output that this run cannot go on with."""


@dataclass(frozen=True)
class Manifest:
    """All that decides a row of the output, and which chunk it is in.

    - input: a digest of the input's files, their sizes and times.
    - fields: what every request has beside its texts.
    """

    input: str
    rows: int
    id_column: str
    text_column: str
    fields: dict[str, Any]
    rationales: bool
    chunks: int
    checkpoint: str
    fingerprint: str
    compute: str
    dimensions: int
    version: int = VERSION

    @property
    def pinned(self) -> Checkpoint:
        return Checkpoint(self.checkpoint, self.fingerprint, self.compute)


def read(output: Path) -> Manifest | None:
    """The manifest of an output, if there is one.

    Raises ManifestError, OSError.
    """
    path = output / NAME
    if not path.exists():
        return None
    try:
        manifest = Manifest(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise ManifestError(f"{path} is no manifest of this program: {error}") from error
    if manifest.version != VERSION:
        raise ManifestError(f"{path} is of version {manifest.version}, this program writes {VERSION}")
    return manifest


def write(output: Path, manifest: Manifest) -> None:
    """Puts the manifest of a new output in its place; of two runs that begin at once, both go on with one.

    Raises ManifestError, if the other run's differs; OSError.
    """
    text = json.dumps(dataclasses.asdict(manifest), indent=1) + "\n"
    publish(output, output / NAME, lambda attempt: attempt.write_text(text) and None)
    hold(read(output), manifest)


def hold(kept: Manifest | None, wanted: Manifest) -> None:
    """Refuses to go on with an output that was made with something else.

    Raises ManifestError, which names what differs, and both values.
    """
    if kept is None:
        raise ManifestError(f"the output has no {NAME}: is it the same directory on all hosts?")
    for field in dataclasses.fields(Manifest):
        before, now = getattr(kept, field.name), getattr(wanted, field.name)
        if before != now:
            raise ManifestError(f"the output was made with {field.name} {json.dumps(before)}, this run has "
                                f"{json.dumps(now)}: go on as it was begun, or write to another directory")
