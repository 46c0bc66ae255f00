"""Descriptions of packages that there are not."""

import unittest

import scripts  # noqa: F401

from corpora import debian
from corpora.exclusion import Exclusion

PACKAGES = """Package: heron-watch
Source: heron (1.2-3)
Section: net
Description-md5: 11

Package: heron-chess
Source: heron-games
Section: contrib/games
Description-md5: 22

Package: heron-chess-doc
Source: heron-games
Section: doc
Description-md5: 33

Package: stork-watch
Section: net
Description-md5: 44

Package: unknown
Section: net
Description-md5: 55
"""
TRANSLATIONS = """Package: heron-watch
Description-md5: 11
Description-en: watches herons from afar
 The program looks at pictures of a lake and tells
 when a heron has come to catch some fish.
 .
 It knows these birds:
  * herons,
  * egrets.
 .
 Pictures may come from any camera that the kernel knows, or from files of which each has a date in its name.

Package: heron-chess
Description-md5: 22
Description-en: chess against a heron
 A patient opponent that thinks for a long time and then strikes.

Package: heron-chess-doc
Description-md5: 33
Description-en: manual of a game of chess
 The manual says how the bird moves.

Package: stork-watch
Description-md5: 44
Description-en: watches storks on chimneys
 The program looks at pictures of chimneys and tells when a stork builds a nest.

Package: unknown
Description-md5: 56
Description-en: another version
 Its digest differs from that of the package.
"""


class DebianTests(unittest.TestCase):
    def setUp(self) -> None:
        self.described = debian.descriptions(PACKAGES, TRANSLATIONS)
        self.by_name = {one.package: one for one in self.described}

    def test_a_field_goes_on_over_lines_that_are_set_in(self) -> None:
        self.assertEqual(
            list(debian.stanzas("A: one\n two\nB: three\n\n\nA: four\n")),
            [{"A": "one\n two", "B": "three"}, {"A": "four"}],
        )

    def test_paragraphs_are_running_text_without_lists(self) -> None:
        lines = [" one", " two", " .", "  * a list", "  * of two", " .", " three"]
        self.assertEqual(debian.paragraphs(lines), ("one two", "three"))

    def test_a_package_is_joined_with_its_description_by_digest(self) -> None:
        self.assertEqual(list(self.by_name), ["heron-chess", "heron-chess-doc", "heron-watch", "stork-watch"])
        heron = self.by_name["heron-watch"]
        self.assertEqual((heron.source, heron.section, heron.short), ("heron", "net", "watches herons from afar"))
        self.assertEqual(
            heron.paragraphs[0],
            "The program looks at pictures of a lake and tells when a heron has come to catch some fish.",
        )
        self.assertEqual(self.by_name["heron-chess"].section, "games")
        self.assertEqual(self.by_name["stork-watch"].source, "stork-watch")

    def test_all_packages_of_a_source_in_the_evaluations_sections_are_kept_out(self) -> None:
        kept, kept_out = debian.for_training(self.described, Exclusion([]))
        self.assertEqual([one.package for one in kept], ["heron-watch", "stork-watch"])
        self.assertEqual(kept_out, 2)

    def test_a_package_is_kept_out_by_its_short_line_its_first_paragraph_or_one_like_it(self) -> None:
        heron = self.by_name["heron-watch"]
        for text in (heron.short.upper(), heron.paragraphs[0], heron.paragraphs[0].replace("lake", "pond")):
            with self.subTest(text=text):
                kept, _ = debian.for_training(self.described, Exclusion([text]))
                self.assertEqual([one.package for one in kept], ["stork-watch"])

    def test_a_later_paragraph_is_kept_out_alone(self) -> None:
        heron = self.by_name["heron-watch"]
        kept, _ = debian.for_training(self.described, Exclusion([heron.paragraphs[-1]]))
        self.assertEqual([one.package for one in kept], ["heron-watch", "stork-watch"])
        self.assertNotIn(heron.paragraphs[-1], kept[0].paragraphs)

    def test_short_lines_ask_for_first_paragraphs(self) -> None:
        kept, _ = debian.for_training(self.described, Exclusion([]))
        found = {triplet.query: triplet for triplet in debian.triplets(kept)}
        heron, stork = self.by_name["heron-watch"], self.by_name["stork-watch"]
        self.assertEqual(set(found), {heron.short, stork.short})
        self.assertEqual(found[heron.short].positive, heron.paragraphs[0])
        self.assertEqual(found[heron.short].negative, stork.paragraphs[0])

    def test_descriptions_without_a_subject_of_their_own_make_no_triplet(self) -> None:
        heron, stork = self.by_name["heron-watch"], self.by_name["stork-watch"]
        for short, first in (
            ("transitional dummy package for birds", heron.paragraphs[0]),
            ("watches herons", "Too short a text."),
            ("watches herons", "This package has the source of the heron crate, packaged by debcargo for use with it."),
            ("herons", heron.paragraphs[0]),
            (stork.short, heron.paragraphs[0]),
            ("watches storks", stork.paragraphs[0]),
        ):
            with self.subTest(short=short, first=first):
                other = debian.Description("zz", "zz", "net", short, (first,))
                self.assertEqual(debian.triplets([stork, other]), [])

    def test_texts_are_paragraphs_once_each_the_later_ones_if_long(self) -> None:
        heron = self.by_name["heron-watch"]
        found = [text.text for text in debian.texts([heron, heron])]
        self.assertEqual(found, [heron.paragraphs[0], heron.paragraphs[-1]])


if __name__ == "__main__":
    unittest.main()
