"""Steps as the log has them, and what the simulation makes of them."""

import unittest

from step_log import KEPT_STEPS, LoggedStep, kept, pace, read_steps

from planning.cost import FEATURES, IDLE, CostModel, Step
from planning.profile import MeasuredStep
from planning.refusal import Refusal

LINE = (
    "2026-01-02T03:04:05.678Z trace grace-server: step accepted=0 admitted={admitted} attended=90 began={began} "
    "drafted=1 ended={ended} prompt=4 rows=3 run={run} sampled=2 unfinished={unfinished} writing={writing}\n")


def line(began: int, ended: int, run: int = 5, admitted: int = 0, writing: int = 1, unfinished: int = 0) -> str:
    return LINE.format(**locals())


class StepLogTests(unittest.TestCase):
    def test_a_step_has_its_counts_and_lasts_until_the_next_where_a_text_goes_on(self) -> None:
        log = (
            "2026-01-02T03:04:05.678Z notice grace-server: loaded began=7\n" + line(1_000_000, 1_010_000, admitted=2)
            + line(1_010_300, 1_015_000, writing=0, unfinished=1) + line(1_015_100, 1_020_000, writing=0))
        found = read_steps(log)
        self.assertEqual([each.measured.step for each in found], [
            Step(5, 2, 90, True, 2), Step(5, 2, 90, False, 0), Step(5, 2, 90, False, 0)])
        for each, began, seconds in zip(found, (1.0, 1.0103, 1.0151), (0.0103, 0.0048, 0.0049)):
            self.assertAlmostEqual(each.began, began)
            self.assertAlmostEqual(each.measured.seconds, seconds)

    def test_a_step_after_nothing_was_to_do_is_woken_and_the_pause_is_nobodys(self) -> None:
        for pause, woken in ((IDLE / 2, False), (IDLE * 2, True)):
            began = 20_000 + int(pause * 1e6)
            first, second = read_steps(line(10_000, 20_000, writing=0) + line(began, began + 5_000))
            self.assertAlmostEqual(first.measured.seconds, 0.01)
            self.assertEqual(second.measured.step.woken, woken)

    def test_a_step_of_a_text_that_goes_on_is_not_woken_however_late(self) -> None:
        _, second = read_steps(line(10_000, 20_000, writing=1) + line(30_000, 35_000))
        self.assertFalse(second.measured.step.woken)

    def test_other_lines_and_those_cut_off_are_no_steps(self) -> None:
        other = "2026-01-02T03:04:05.678Z notice grace-server: step began=1\nx\n"
        whole = line(10_000, 20_000)
        self.assertEqual(len(read_steps(other + whole + whole[:60] + "\n" + other)), 1)
        for log in ("", other):
            with self.assertRaisesRegex(Refusal, "no steps"):
                read_steps(log)

    def test_a_log_that_has_lost_lines_is_refused(self) -> None:
        lost = "2026-01-02T03:04:05.678Z warning grace-server: log lines were dropped count=3\n"
        with self.assertRaisesRegex(Refusal, "count=3"):
            read_steps(line(10_000, 20_000) + lost + line(30_000, 40_000))

    def test_steps_that_woke_threads_are_all_kept_and_as_many_of_each_kind_of_others(self) -> None:
        def logged(tokens: int, woken: bool, place: int) -> LoggedStep:
            return LoggedStep(0.0, MeasuredStep(Step(tokens, 1, place, woken, 0), 1.0))

        kinds = [(tokens, woken) for tokens in (1, 7, 200) for woken in (False, True)]
        steps = [logged(*kind, place) for place in range(400) for kind in kinds]
        found = kept(steps + [logged(30, False, 0)])
        self.assertEqual(len(set(found)), len(found))
        for tokens, expected in ((1, KEPT_STEPS), (7, KEPT_STEPS), (200, KEPT_STEPS), (30, 1)):
            others = [each for each in found if each.step.tokens == tokens and not each.step.woken]
            self.assertEqual(len(others), expected)
        self.assertEqual(sum(each.step.woken for each in found), 1200)

    def test_the_pace_of_a_second_is_what_its_steps_took_over_what_they_cost(self) -> None:
        cost = CostModel(tuple(0.1 if name == "step" else 0.0 for name in FEATURES), 0.0)
        steps = [
            LoggedStep(began, MeasuredStep(Step(1, 1, 1, False, 0), seconds))
            for began, seconds in ((7.5, 0.1), (8.2, 0.2), (8.6, 0.15), (10.5, 0.25))
        ]
        self.assertEqual(pace(steps, cost), [1.5, 1.5, 1.75, 2.5])


if __name__ == "__main__":
    unittest.main()
