"""One replica: which steps it runs, and that its queue is the one of textbooks where its batch is one."""

import math
import random
import unittest

import made
from planning.cost import IDLE, CostModel, Step
from planning.fleet import LEAST, Fleet
from planning.load import arrivals
from planning.replica import Limits, Replica, Text
from planning.study import percentile

PREFIX = 10


class Recorder(CostModel):
    """Takes a second a step, and keeps it."""

    def __init__(self) -> None:
        super().__init__((), 0.0)
        object.__setattr__(self, "steps", [])

    def seconds(self, step: Step) -> float:
        self.steps.append(step)
        return 1.0


def finish(replica: Replica) -> None:
    while replica.step_end is not None:
        replica.finish()


def steps_of(texts: "list[Text]", limits: Limits = Limits(), guesses: tuple = ()) -> "list[Step]":
    """Of texts that come at once."""
    recorder = Recorder()
    replica = Replica(recorder, PREFIX, guesses, limits)
    replica.submit(texts, 0.0)
    finish(replica)
    return recorder.steps


def text(prompt: int, rationale: int) -> Text:
    return Text(0.0, PREFIX + prompt, rationale)


class StepTests(unittest.TestCase):
    def test_a_text_without_rationale_is_one_step(self) -> None:
        # The third token looks at the prefix and at three positions: 11 + 12 + 13.
        self.assertEqual(steps_of([text(3, 0)]), [Step(tokens=3, sampled=0, attended=36, woken=True, joined=1)])

    def test_threads_sleep_only_after_a_while_without_work(self) -> None:
        recorder = Recorder()
        replica = Replica(recorder, PREFIX)
        for pause in (0.0, IDLE / 2, IDLE * 2):
            start = (replica.idle_since if recorder.steps else 0.0) + pause
            replica.submit([text(3, 0)], start)
            finish(replica)
        self.assertEqual([step.woken for step in recorder.steps], [True, False, True])

    def test_each_token_of_a_rationale_is_run_and_the_last_is_not_followed(self) -> None:
        self.assertEqual(
            steps_of([text(3, 2)]), [Step(3, 1, 36, True, 1), Step(1, 1, 14, False, 0), Step(1, 0, 15, False, 0)])

    def test_long_prompts_come_in_pieces_behind_those_that_write(self) -> None:
        found = steps_of([text(2, 3), text(300, 0)])
        self.assertEqual([step.tokens for step in found], [256, 1 + 46, 1, 1])

    def test_a_full_batch_makes_others_wait(self) -> None:
        found = steps_of([text(4, 1) for _ in range(5)], Limits(live_texts=2))
        self.assertEqual([step.joined for step in found], [2, 0, 2, 0, 1, 0])

    def test_texts_wait_for_room_in_the_cache_but_one_alone_always_has_it(self) -> None:
        found = steps_of([text(40, 0) for _ in range(3)], Limits(positions=100))
        self.assertEqual([step.joined for step in found], [2, 1])
        self.assertEqual([step.joined for step in steps_of([text(200, 0)], Limits(positions=100))], [1])

    def test_guesses_that_are_right_spare_steps(self) -> None:
        guesses = (made.Guesses(written=8, drafted=8, accepted=4),)
        plain, guessed = steps_of([text(5, 8)]), steps_of([text(5, 8)], guesses=guesses)
        self.assertEqual(len(plain), 9)
        self.assertEqual(len(guessed), 1 + 4)
        self.assertEqual([step.tokens for step in guessed], [5, 1 + 2, 1 + 2, 1 + 2, 1 + 1])

    def test_nothing_is_guessed_while_many_texts_are_live(self) -> None:
        guesses = (made.Guesses(written=8, drafted=8, accepted=4),)
        texts = [text(5, 8) for _ in range(9)]
        self.assertEqual(steps_of(texts, guesses=guesses), steps_of(texts))

    def test_more_texts_than_may_wait_are_refused_together(self) -> None:
        replica = Replica(made.cost(step=1.0), PREFIX, limits=Limits(texts=3))
        self.assertTrue(replica.submit([text(5, 1)] * 2, 0.0))
        self.assertFalse(replica.submit([text(5, 1)] * 2, 0.0))
        self.assertEqual(replica.count, 2)


def waits_at_most(time: float, rate: float, service: float) -> float:
    """The chance of it in the queue M/D/1, by Erlang's formula."""
    terms = (
        (rate * (k * service - time)) ** k / math.factorial(k) * math.exp(-rate * (k * service - time))
        for k in range(int(time / service) + 1)
    )
    return (1 - rate * service) * math.fsum(terms)


class QueueTests(unittest.TestCase):
    """Texts of one step each, of 10 ms whatever they hold, one at a time: the queue M/D/1."""

    SERVICE = 0.01

    def run_queue(self, load: float, count: int = 60000) -> "tuple[list[Text], Fleet]":
        moments = arrivals(load / self.SERVICE, random.Random(f"load {load}"))
        texts = [Text(next(moments), PREFIX + 5, 0) for _ in range(count)]
        limits = Limits(live_texts=1, texts=10**9)
        fleet = Fleet(made.profile(made.cost(step=self.SERVICE)), 1, LEAST, 0, limits=limits)
        self.outcome = fleet.run(texts)
        return texts, fleet

    def test_waiting_has_the_distribution_of_a_queue_with_fixed_service(self) -> None:
        for load in (0.3, 0.6, 0.8):
            self.run_queue(load)
            p99 = percentile(self.outcome.latencies, 0.99) - self.SERVICE
            self.assertAlmostEqual(waits_at_most(p99, load / self.SERVICE, self.SERVICE), 0.99, delta=0.003, msg=load)
            mean = sum(self.outcome.latencies) / len(self.outcome.latencies) - self.SERVICE
            expected = load * self.SERVICE / 2 / (1 - load)
            self.assertAlmostEqual(mean / expected, 1, delta=0.06, msg=load)

    def test_utilisation_is_throughput_times_service(self) -> None:
        for load in (0.2, 0.7):
            self.run_queue(load)
            throughput = len(self.outcome.latencies) / self.outcome.seconds
            self.assertAlmostEqual(self.outcome.utilisation, throughput * self.SERVICE, places=9)
            self.assertAlmostEqual(self.outcome.utilisation, load, delta=0.02)


if __name__ == "__main__":
    unittest.main()
