"""Costs: what a step's features are, and that a fit finds the costs that made its measurements."""

import dataclasses
import unittest

import made
from planning.cost import FEATURES, CostModel, Step, fit
from planning.measured import fitted
from planning.refusal import Refusal


class CostTests(unittest.TestCase):
    def test_tokens_are_split_where_another_begins_to_cost_more(self) -> None:
        cases = [(1, (1, 0, 0)), (8, (8, 0, 0)), (9, (8, 1, 0)), (32, (8, 24, 0)), (256, (8, 24, 224))]
        for tokens, parts in cases:
            self.assertEqual(Step(tokens, 3, 70, True, 2).features, (1, *parts, 3, 70, 1, 2))

    def test_a_step_costs_the_sum_of_its_features(self) -> None:
        model = made.cost(step=1.0, tokens_to_8=0.5, sampled=0.25, attended=0.125, woken=4.0, joined=2.0)
        step = Step(tokens=4, sampled=2, attended=8, woken=True, joined=1)
        self.assertEqual(model.seconds(step), 1 + 2 + 0.5 + 1 + 4 + 2)

    COSTS = made.cost(
        0.004, step=2.5e-3, tokens_to_8=2e-4, tokens_to_32=3e-4, tokens_beyond=1.5e-4, sampled=8e-5, attended=2e-7,
        woken=1e-3, joined=3e-4)

    def assert_near(self, found: CostModel, delta: float) -> None:
        for name, value, expected in zip(FEATURES, found.coefficients, self.COSTS.coefficients):
            self.assertAlmostEqual(value / expected, 1, delta=delta, msg=name)
        self.assertEqual(found.request_seconds, 0.004)

    def test_a_fit_finds_the_costs_that_made_the_measurements(self) -> None:
        profile = dataclasses.replace(made.profile(self.COSTS), steps=made.steps(self.COSTS))
        self.assert_near(fitted(profile), 0.001)

    def test_a_machine_that_is_slow_for_a_fifth_of_the_time_hardly_moves_the_costs(self) -> None:
        steps = [
            dataclasses.replace(each, seconds=each.seconds * (1.5 if place % 5 == 0 else 1))
            for place, each in enumerate(made.steps(self.COSTS))
        ]
        rows = [list(map(float, each.step.features)) for each in steps]
        found = fit(rows, [each.seconds for each in steps])
        self.assert_near(CostModel(tuple(found), 0.004), 0.05)
        # But all steps together take as long as they did.
        profile = dataclasses.replace(made.profile(self.COSTS), steps=tuple(steps))
        costs = fitted(profile)
        whole = sum(costs.seconds(each.step) for each in steps)
        self.assertAlmostEqual(whole / sum(each.seconds for each in steps), 1)

    def test_no_cost_is_negative(self) -> None:
        self.assertEqual(fit([[1.0, 1.0], [1.0, 2.0], [1.0, 2.0]], [3.0, 2.0, 2.0])[1], 0.0)

    def test_too_few_measurements_are_refused(self) -> None:
        with self.assertRaisesRegex(Refusal, "7 steps for 8 costs"):
            fitted(dataclasses.replace(made.profile(), steps=made.steps(self.COSTS, 7)))


if __name__ == "__main__":
    unittest.main()
