"""Packages are verified, with stubs in place of apt-get and archives made here in place of downloads."""

import hashlib
import io
import os
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import scripts  # noqa: F401

from corpora.failure import Failure
from corpora.fetching import Apt, Package, Pip

# Answers `indextargets` with two suites, writes what it was called with, and fails at `download`.
APT_GET = """#!/bin/sh
printf '%s\\n' "$*" >>"$STUB_DIRECTORY/log"
case $1 in
    indextargets)
        printf 'calm\\tmain\\t%s\\n' "$STUB_DIRECTORY/list"
        printf 'calm-updates\\tmain\\t%s\\n' "$STUB_DIRECTORY/list"
        printf 'calm\\tmissing\\t%s\\n' "$STUB_DIRECTORY/no-list"
        ;;
    download)
        echo 'E: first line' >&2
        echo 'E: no such version' >&2
        exit 100
        ;;
esac
"""


def package(name: str, content: bytes, is_source: bool = False) -> Package:
    return Package(name, "1.0", hashlib.sha256(content).hexdigest(), "2099-01-01", "free", is_source)


class TemporaryDirectoryTestCase(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name).resolve()


class PipTests(TemporaryDirectoryTestCase):
    def put(self, name: str, file: str, content: bytes) -> None:
        path = self.directory / name / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def wheel(self) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("birds/herons.txt", "grey")
        return made.getvalue()

    def source(self) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as archive:
            member = tarfile.TarInfo("birds-1.0/herons.txt")
            member.size = 4
            archive.addfile(member, io.BytesIO(b"grey"))
        return made.getvalue()

    def test_a_file_is_read_from_a_wheel_and_from_a_source_distribution(self) -> None:
        for file, content, member, is_source in (
            ("birds-1.0-py3-none-any.whl", self.wheel(), "birds/herons.txt", False),
            ("birds-1.0.tar.gz", self.source(), "birds-1.0/herons.txt", True),
        ):
            with self.subTest(file=file):
                name = file.replace(".", "")
                self.put(name, file, content)
                found = package(name, content, is_source)
                self.assertEqual(Pip(self.directory).member(found, member), b"grey")
                with self.assertRaisesRegex(Failure, "holds no birds/storks.txt"):
                    Pip(self.directory).member(found, "birds/storks.txt")

    def test_a_file_with_another_digest_is_refused_with_both(self) -> None:
        self.put("birds", "birds.whl", self.wheel())
        expected = package("birds", b"another")
        with self.assertRaises(Failure) as caught:
            Pip(self.directory).member(expected, "birds/herons.txt")
        self.assertIn(expected.sha256, str(caught.exception))
        self.assertIn(hashlib.sha256(self.wheel()).hexdigest(), str(caught.exception))

    def test_of_two_files_none_is_taken(self) -> None:
        for file in ("one.whl", "two.whl"):
            self.put("birds", file, self.wheel())
        with self.assertRaisesRegex(Failure, "2 files"):
            Pip(self.directory).member(package("birds", self.wheel()), "birds/herons.txt")


class AptTests(TemporaryDirectoryTestCase):
    def setUp(self) -> None:
        super().setUp()
        stub = self.directory / "bin" / "apt-get"
        stub.parent.mkdir()
        stub.write_text(APT_GET)
        stub.chmod(0o755)
        (self.directory / "list").write_text("Package: heron\n")
        (self.directory / "debian.sources").write_text("")
        variables = {"PATH": f"{stub.parent}:{os.environ['PATH']}", "STUB_DIRECTORY": str(self.directory)}
        patch = mock.patch.dict(os.environ, variables)
        patch.start()
        self.addCleanup(patch.stop)
        self.apt = Apt(self.directory / "apt", self.directory / "debian.sources")

    def test_the_releases_own_list_is_found_with_its_digest_and_date(self) -> None:
        release = self.directory / "apt" / "lists" / "calm_InRelease"
        release.write_text("Codename: calm\nDate: Sat, 05 Jul 2098 00:00:00 UTC\n")
        found = self.apt.index_files("Packages")
        self.assertEqual([(one.suite, one.component) for one in found], [("calm", "main")])
        self.assertEqual(found[0].sha256, hashlib.sha256(b"Package: heron\n").hexdigest())
        self.assertEqual(found[0].date, "Sat, 05 Jul 2098 00:00:00 UTC")

    def test_the_lists_are_fetched_once_and_never_into_the_systems(self) -> None:
        self.apt.index_files("Packages")
        self.apt.index_files("Translations")
        calls = (self.directory / "log").read_text().splitlines()
        self.assertEqual([call.split()[0] for call in calls], ["update", "indextargets", "indextargets"])
        for call in calls:
            self.assertIn(f"Dir::State::Lists={self.directory}/apt/lists", call)
            self.assertIn(f"Dir::Cache={self.directory}/apt/cache", call)

    def test_what_apt_says_last_is_told(self) -> None:
        with self.assertRaisesRegex(Failure, "apt-get download ended with 100: E: no such version"):
            self.apt.package(package("heron", b""))

    def test_a_package_with_another_digest_is_not_unpacked(self) -> None:
        files = self.directory / "apt" / "packages" / "heron"
        files.mkdir(parents=True)
        (files / "heron_1.0_all.deb").write_bytes(b"damaged")
        with self.assertRaisesRegex(Failure, "heron_1.0_all.deb is refused"):
            self.apt.package(package("heron", b"whole"))

    def test_sources_that_are_not_there_are_named(self) -> None:
        with self.assertRaisesRegex(Failure, "no.sources"):
            Apt(self.directory / "apt", self.directory / "no.sources")


if __name__ == "__main__":
    unittest.main()
