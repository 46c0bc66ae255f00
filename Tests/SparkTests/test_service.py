"""What is done with a service that has no room, refuses texts, or answers with something else."""

from __future__ import annotations

import struct
import unittest
from collections.abc import Callable

from place import row
from grace_spark.rows import Reason, Rejection
from grace_spark.service import Checkpoint, Refused, Service, ServiceError, embed_rows
from scripted_service import COMPUTE, FINGERPRINT, LONGEST, OTHER_FINGERPRINT, ScriptedService, vector

CHECKPOINT = Checkpoint("Reader", FINGERPRINT, COMPUTE)


class ServiceTests(unittest.TestCase):
    def setUp(self) -> None:
        self.scripted = ScriptedService()
        self.addCleanup(self.scripted.server_close)
        self.addCleanup(self.scripted.shutdown)
        self.now = 0.0
        self.waits: list[float] = []
        self.service = self.reach(lambda: self.scripted.url)

    def reach(self, locate: Callable[[], str], key: str | None = None) -> Service:
        return Service(locate, key, 100, self.sleep, lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def embed(self, *texts: str, rationales: bool = False) -> list:
        return self.service.embed(list(texts), CHECKPOINT, {"max_rationale_tokens": 3}, rationales)

    def test_vectors_are_those_of_the_service_to_the_bit(self) -> None:
        for rationales in (False, True):
            answers = self.embed("a", "b", rationales=rationales)
            self.assertEqual([struct.unpack("<4f", answer.vector) for answer in answers], [vector("a"), vector("b")])
            self.assertEqual([answer.rationale for answer in answers],
                             ["It says a.", "It says b."] if rationales else [None, None])
        for _, body, _ in self.scripted.requests:
            self.assertEqual((body["model"], body["max_rationale_tokens"]), (f"Reader@{FINGERPRINT}", 3))

    def test_what_has_no_room_is_asked_again_when_it_says(self) -> None:
        self.scripted.troubles = [(429, {"Retry-After": "7"}), (503, {}), (502, {"Retry-After": "Fri, 1 Jan"}), None]
        self.assertEqual(len(self.embed("a")), 1)
        for wait, least in zip(self.waits, (7, 0.5, 1, 2)):
            self.assertTrue(least <= wait <= 1.25 * least, self.waits)
        self.assertEqual(self.scripted.embedded(), ["a"])

    def test_patience_ends_before_it_is_exceeded(self) -> None:
        for trouble in ((429, {"Retry-After": "30"}), None):
            self.scripted.troubles = [trouble] * 50
            start = self.now
            with self.assertRaisesRegex(ServiceError, "did not answer within 100 s"):
                self.embed("a")
            self.assertLessEqual(self.now - start, 100)
        self.assertEqual(self.scripted.requests, [])

    def test_a_service_that_went_away_is_looked_for_again(self) -> None:
        other = ScriptedService()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        addresses = [self.scripted.url, other.url]
        self.service = self.reach(lambda: addresses.pop(0))
        self.embed("a")
        self.scripted.troubles = [None]
        self.embed("b")
        self.assertEqual((self.scripted.embedded(), other.embedded()), (["a"], ["b"]))

    def test_answers_of_another_checkpoint_or_arithmetic_are_not_taken(self) -> None:
        for fingerprint, compute in ((OTHER_FINGERPRINT, COMPUTE), (FINGERPRINT, "int8/avx2")):
            self.scripted.answers_with = fingerprint, compute
            with self.assertRaisesRegex(ServiceError, "the output's is"):
                self.embed("a")
        with self.assertRaisesRegex(ServiceError, "404: no checkpoint"):
            self.service.embed(["a"], Checkpoint("Reader", OTHER_FINGERPRINT, COMPUTE), {}, False)
        self.assertEqual(self.waits, [])

    def test_a_key_is_sent(self) -> None:
        self.service = self.reach(lambda: self.scripted.url, "secret")
        self.embed("a")
        self.assertEqual(self.scripted.requests[0][2], "Bearer secret")

    def test_texts_that_are_refused_do_not_take_others_with_them(self) -> None:
        long = "a" * (LONGEST + 1)
        texts = ["b", long, "c", "d", "�", "e", "f"]
        rows = [row(str(number), text) for number, text in enumerate(texts)]
        found = embed_rows(rows, lambda some: self.embed(*some))
        self.assertEqual([one.id for one in found], [str(number) for number in range(len(texts))])
        reasons = [one.reason if isinstance(one, Rejection) else None for one in found]
        self.assertEqual(reasons, [None, Reason.TOO_LONG, None, None, Reason.REFUSED, None, None])
        self.assertIn(f"has {LONGEST + 1} tokens", found[1].detail)
        self.assertEqual(sorted(self.scripted.embedded()), ["b", "c", "d", "e", "f"])
        for one in found:
            if not isinstance(one, Rejection):
                self.assertEqual(struct.unpack("<4f", one.answer.vector), vector(texts[int(one.id)]))

    def test_a_single_text_that_is_refused_is_named(self) -> None:
        with self.assertRaises(Refused):
            self.embed("a" * (LONGEST + 1))


if __name__ == "__main__":
    unittest.main()
