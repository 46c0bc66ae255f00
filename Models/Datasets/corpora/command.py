"""What the commands of this directory have in common: their options, what they say, and how they end."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .failure import Failure
from .fetching import Apt, Pip

HERE = Path(__file__).resolve().parent.parent


def parser(name: str, description: str | None, output: Path) -> argparse.ArgumentParser:
    """The options that all commands have."""
    made = argparse.ArgumentParser(
        prog=name, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--output", type=Path, metavar="DIR", default=output, help="where the files go (%(default)s)")
    made.add_argument(
        "--downloads",
        type=Path,
        metavar="DIR",
        default=HERE / "built" / "downloads",
        help="where packages are kept that were fetched, to be verified and used again (%(default)s)",
    )
    made.add_argument(
        "--apt-sources", type=Path, metavar="FILE", help="apt's list of Debian's archives (the system's)"
    )
    return made


class Run:
    """One run of a command: its clients, and its words on standard error."""

    def __init__(self, name: str, arguments: argparse.Namespace) -> None:
        self._name = name
        self._started = time.monotonic()
        arguments.downloads.mkdir(parents=True, exist_ok=True)
        self.apt = Apt(arguments.downloads / "apt", arguments.apt_sources)
        self.pip = Pip(arguments.downloads / "pip")

    def say(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        print(f"{self._name}: {seconds:5.1f} s  {text}", file=sys.stderr, flush=True)


def ended(name: str, body: Callable[[], None]) -> int:
    """Runs a command's body; the status to end with."""
    try:
        body()
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{name}: failed: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except UnicodeDecodeError as error:
        print(f"{name}: a file that was fetched is not UTF-8: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted; files that were complete stay", file=sys.stderr)
        return 130
    return 0
