"""Several replicas: nothing is lost, Little's law holds, equal texts are computed once, a seed is a result."""

import random
import unittest

import made
from planning.caching import HASHED, OWN, SHARED, hit_ratio
from planning.fleet import HASH, LEAST, Fleet, Loss
from planning.load import Load, Zipf
from planning.refusal import Refusal
from planning.replica import Limits, Text

LOAD = Load(150.0, (30, 120), (0, 32))


def texts(count: int = 3000, repeats: "Zipf | None" = None, load: Load = LOAD) -> "list[Text]":
    return load.texts(made.profile(), count, random.Random(3), repeats)


class FleetTests(unittest.TestCase):
    def test_every_text_is_answered_refused_or_computed_once(self) -> None:
        for count, limits in ((8, Limits()), (1, Limits(texts=20)), (3, Limits(live_texts=4, texts=40))):
            sent = texts()
            found = Fleet(made.GUESSED, count, cache_entries=0, limits=limits).run(sent)
            self.assertEqual(len(found.latencies) + found.refused, len(sent))
            self.assertEqual(found.computed, len(found.latencies))
            self.assertEqual(sum(text.end is None for text in sent), found.refused)
            self.assertTrue(all(text.end is None or text.end > text.arrival for text in sent))

    def test_a_queue_that_is_full_refuses(self) -> None:
        self.assertGreater(Fleet(made.profile(), 1, cache_entries=0, limits=Limits(texts=20)).run(texts()).refused, 0)

    def test_the_texts_inside_are_the_rate_times_their_time(self) -> None:
        sent = texts()
        Fleet(made.profile(made.cost(step=0.002, tokens_beyond=1e-4)), 4, cache_entries=0).run(sent)
        moments = sorted([(text.arrival, 1) for text in sent] + [(text.end, -1) for text in sent])
        area, inside = 0.0, 0
        for (now, change), (following, _) in zip(moments, moments[1:]):
            inside += change
            area += inside * (following - now)
        seconds = moments[-1][0] - moments[0][0]
        rate = len(sent) / seconds
        mean_time = sum(text.end - text.arrival for text in sent) / len(sent)
        self.assertAlmostEqual(area / seconds, rate * mean_time, places=6)

    def test_a_seed_gives_the_same_latencies_and_another_one_others(self) -> None:
        once, again, other = (Fleet(made.GUESSED, 3, cache_entries=0, seed=seed).run(texts()) for seed in (1, 1, 2))
        self.assertEqual(once.latencies, again.latencies)
        self.assertNotEqual(once.latencies, other.latencies)

    def test_equal_texts_are_computed_once_where_results_are_kept(self) -> None:
        sent = texts(repeats=Zipf(200, 1.0))
        different = len({text.identity for text in sent})
        found = Fleet(made.profile(), 4, HASH).run(sent)
        self.assertEqual(found.computed, different)
        self.assertEqual(len(found.latencies), len(sent))
        self.assertAlmostEqual(found.hit_ratio, 1 - different / len(sent))
        without = Fleet(made.profile(), 40, cache_entries=0).run(texts(repeats=Zipf(200, 1.0)))
        self.assertEqual(without.computed, len(sent))

    def test_a_lost_replica_loses_no_text(self) -> None:
        for balance in (LEAST, HASH):
            for repeats in (None, Zipf(500, 1.0)):
                sent = texts(repeats=repeats)
                found = Fleet(made.GUESSED, 8, balance, 4096 if repeats else 0).run(sent, Loss(5.0))
                self.assertEqual((len(found.latencies), found.refused), (len(sent), 0))

    def test_what_was_at_a_lost_replica_takes_longer(self) -> None:
        calm = Fleet(made.profile(), 8, cache_entries=0).run(texts())
        lossy = Fleet(made.profile(), 8, cache_entries=0).run(texts(), Loss(5.0, noticed_seconds=2.0))
        self.assertGreater(max(lossy.latencies), 2.0)
        self.assertLess(max(calm.latencies), 2.0)

    def test_settings_that_make_no_sense_are_refused(self) -> None:
        cases = [
            ("0 replicas", lambda: Fleet(made.profile(), 0)),
            ("balance 'random'", lambda: Fleet(made.profile(), 1, "random")),
            ("only replica is lost", lambda: Fleet(made.profile(), 1).run(texts(), Loss(1.0))),
            ("-1.0 texts a second", lambda: Load(-1.0, (30,), (0,))),
            ("nan texts a second", lambda: Load(float("nan"), (30,), (0,))),
            ("0,", lambda: Load(1.0, (0,), (0,))),
            ("-1,", lambda: Load(1.0, (30,), (-1,))),
            ("0 texts that repeat", lambda: Zipf(0, 1.0)),
        ]
        for words, attempt in cases:
            with self.subTest(words), self.assertRaisesRegex(Refusal, words):
                attempt()


class CachingTests(unittest.TestCase):
    def test_a_cache_that_holds_all_texts_answers_all(self) -> None:
        for arrangement in (OWN, HASHED, SHARED):
            self.assertEqual(hit_ratio(arrangement, 4, 50, Zipf(50, 0.5), 20000), 1.0)

    def test_of_texts_that_are_all_as_likely_those_that_are_kept_are_hits(self) -> None:
        repeats = Zipf(1000, 0.0)
        self.assertAlmostEqual(hit_ratio(SHARED, 4, 100, repeats, 60000), 0.4, delta=0.02)
        self.assertAlmostEqual(hit_ratio(OWN, 4, 100, repeats, 60000), 0.1, delta=0.02)

    def test_hashing_answers_nearly_as_much_as_one_cache_for_all(self) -> None:
        repeats = Zipf(20000, 0.9)
        own, hashed, shared = (hit_ratio(each, 8, 500, repeats, 100000) for each in (OWN, HASHED, SHARED))
        self.assertLess(own + 0.1, hashed)
        self.assertAlmostEqual(hashed, shared, delta=0.02)


if __name__ == "__main__":
    unittest.main()
