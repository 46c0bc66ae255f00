"""Costs: what a step's features are, and that a fit finds the costs that made its measurements."""

import dataclasses
import random
import unittest

import made
from planning.cost import FEATURES, Step, fit
from planning.fleet import LEAST, Fleet
from planning.load import arrivals
from planning.measured import fitted, fitted_seconds, totals
from planning.profile import Batch
from planning.refusal import Refusal
from planning.replica import Text
from planning.study import percentile


class CostTests(unittest.TestCase):
    def test_tokens_are_split_where_another_begins_to_cost_more(self) -> None:
        cases = [(1, (1, 0, 0)), (8, (8, 0, 0)), (9, (8, 1, 0)), (32, (8, 24, 0)), (256, (8, 24, 224))]
        for tokens, parts in cases:
            self.assertEqual(Step(tokens, 3, 70, True, 2).features, (1, *parts, 3, 70, 1, 2))

    def test_a_step_costs_the_sum_of_its_features(self) -> None:
        model = made.cost(step=1.0, tokens_to_8=0.5, sampled=0.25, attended=0.125, woken=4.0, joined=2.0)
        step = Step(tokens=4, sampled=2, attended=8, woken=True, joined=1)
        self.assertEqual(model.seconds(step), 1 + 2 + 0.5 + 1 + 4 + 2)

    def test_a_fit_finds_the_costs_that_made_the_measurements(self) -> None:
        steps = made.cost(
            0.004, step=2.5e-3, tokens_to_8=2e-4, tokens_to_32=3e-4, tokens_beyond=1.5e-4, sampled=8e-5, attended=2e-7,
            woken=1e-3)
        model = dataclasses.replace(steps, coefficients=(*steps.coefficients[:-1], 3e-4))
        generator = random.Random(1)
        batches = []
        for _ in range(60):
            count = generator.choice([1, 2, 4, 8, 16, 32, 64])
            prompts = [generator.randint(15, 300) for _ in range(count)]
            rationales = [generator.choice([0, 8, 32])] * count
            spent = totals(Batch(prompts, rationales, 0.0), made.profile().prefix_tokens)
            batches.append(Batch(prompts, rationales, sum(map(float.__mul__, steps.coefficients, spent))))
        profile = made.profile(model)
        moments = arrivals(profile.flow.rate, random.Random(profile.flow.seed))
        texts = [Text(next(moments), tokens, 0) for tokens in profile.flow.prompt_tokens]
        latencies = Fleet(profile, 1, LEAST, 0).run(texts).latencies
        flow = dataclasses.replace(profile.flow, p50=percentile(latencies, 0.5))
        profile = dataclasses.replace(profile, batches=tuple(batches), flow=flow)
        found = fitted(profile)
        for name, value, expected in zip(FEATURES, found.coefficients, model.coefficients):
            self.assertAlmostEqual(value / expected, 1, delta=0.02, msg=name)
        self.assertEqual(found.request_seconds, 0.004)
        for seconds, batch in zip(fitted_seconds(profile), batches):
            self.assertAlmostEqual(seconds / batch.seconds, 1)

    def test_no_cost_is_negative(self) -> None:
        self.assertEqual(fit([[1.0, 1.0], [1.0, 2.0]], [3.0, 2.0])[1], 0.0)

    def test_too_few_measurements_are_refused(self) -> None:
        with self.assertRaisesRegex(Refusal, "7 measurements for 8 costs"):
            fitted(dataclasses.replace(made.profile(), batches=(Batch([20], [0], 1.0),) * 7))


if __name__ == "__main__":
    unittest.main()
