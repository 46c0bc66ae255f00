"""Makes the checkpoints that are swapped, two that differ and some that must be refused, and damages those that serve.

All are copies, never links: what is damaged here must not be anybody's model.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from gguf_edits import GGUF

NORM = "output_norm.weight"
OTHER_NORM = "blk.0.attn_norm.weight"
PIECE = 1 << 20


def gguf_of(path: Path) -> Path:
    """The file itself, or the only one in a directory."""
    files = [path] if path.is_file() else sorted(path.glob("*.gguf"))
    if len(files) != 1:
        raise SystemExit(f"{path} holds {len(files)} GGUF files, expected 1")
    return files[0]


def scale_norm(model: GGUF) -> None:
    """Another model, as good as the first: every vector it makes differs."""
    model.set_floats(NORM, [value * (1 + index % 5 / 10) for index, value in enumerate(model.floats(NORM))])


def spoil_norm(model: GGUF) -> None:
    model.set_floats(NORM, [math.nan, *model.floats(NORM)[1:]])


def shorten_norm(model: GGUF) -> None:
    model.set_dimension(OTHER_NORM, model.tensors[OTHER_NORM].shape[0] - 32)


def hide_norm(model: GGUF) -> None:
    model.rename(OTHER_NORM, OTHER_NORM.replace("attn", "nope"))


def invent_architecture(model: GGUF) -> None:
    place = model.strings["general.architecture"]
    model.content[place] = b"x" * (place.stop - place.start)


def cut_end(model: GGUF) -> None:
    del model.content[len(model.content) * 3 // 5 :]


def empty(model: GGUF) -> None:
    model.content.clear()


BROKEN: dict[str, Callable[[GGUF], None]] = {
    "broken-truncated": cut_end,
    "broken-shape": shorten_norm,
    "broken-nan": spoil_norm,
    "broken-missing": hide_norm,
    "broken-architecture": invent_architecture,
    "broken-empty": empty,
}


def write_changed(source: Path, target: Path, change: Callable[[GGUF], None]) -> None:
    model = GGUF.read(source)
    change(model)
    target.parent.mkdir(parents=True)
    target.write_bytes(model.content)


class Checkpoints:
    """The directories below `models`, named `a`, `b` and like the entries of `BROKEN`."""

    def __init__(self, models: Path, base: Path, second: Path | None, grace_json: Path | None) -> None:
        self.models = models
        self.originals = models.parent / "originals"
        source = gguf_of(base)
        (models / "a").mkdir(parents=True)
        shutil.copyfile(source, models / "a" / "model.gguf")
        if second is not None:
            shutil.copytree(second, models / "b")
        elif grace_json is not None:
            (models / "b").mkdir()
            shutil.copyfile(source, models / "b" / "model.gguf")
        else:
            write_changed(source, models / "b" / "model.gguf", scale_norm)
        if grace_json is not None:
            shutil.copyfile(grace_json, models / "b" / "grace.json")
        for name, change in BROKEN.items():
            write_changed(source, models / name / "model.gguf", change)
        for name in ("a", "b"):
            shutil.copytree(models / name, self.originals / name)
        self.damages = 0

    def weights(self, name: str) -> Path:
        """The largest file of a checkpoint."""
        files = (path for path in (self.models / name).rglob("*") if path.is_file())
        return max(files, key=lambda path: path.stat().st_size)

    def damage(self, name: str) -> None:
        """Overwrites the weights in place: cut in half, emptied, or other bytes, in turn."""
        path = self.weights(name)
        size = path.stat().st_size
        with path.open("r+b") as file:
            if self.damages % 3 == 0:
                file.truncate(size // 2)
            elif self.damages % 3 == 1:
                file.truncate(0)
            else:
                for start in range(0, size, 16 * PIECE):
                    file.seek(start)
                    file.write(b"\xff" * min(PIECE, size - start))
        self.damages += 1

    def restore(self, name: str) -> None:
        """Writes the original bytes back, in place too: the file stays the same one."""
        for original in (self.originals / name).rglob("*"):
            if original.is_file():
                path = self.models / name / original.relative_to(self.originals / name)
                with original.open("rb") as source, path.open("r+b") as target:
                    shutil.copyfileobj(source, target, PIECE)
                    target.truncate(os.fstat(source.fileno()).st_size)
