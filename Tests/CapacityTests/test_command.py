"""The command, as its user runs it: tables, and messages in a line."""

import dataclasses
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import made
from planning.cost import FEATURES
from planning.load import Load
from planning.measured import Point, Summary, read_points, write_points
from planning.profile import Profile
from planning.refusal import Refusal
from planning.study import capacity, percentile, replicas_needed


def simulate(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, made.SIMULATE, *map(str, arguments)], capture_output=True, text=True, check=False)


class CommandTests(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.profile = self.directory / "made.json"
        made.GUESSED.write(self.profile)

    def rows(self, *arguments: object) -> "list[list[str]]":
        """The cells of the table, without its head."""
        done = simulate(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

    def test_a_profile_is_read_as_it_was_written(self) -> None:
        self.assertEqual(Profile.read(self.profile), made.GUESSED)

    def test_costs_are_core_hours_of_a_full_batch(self) -> None:
        (row,) = self.rows("cost", self.profile, "--rationale", 0, "--price", 0.5)
        rate = capacity(made.GUESSED, [30], [0])
        hours = 2 * 1e6 / rate / 3600
        self.assertEqual(row, ["int4", "30", "0", f"{rate:.1f}", f"{hours:.1f}", f"{hours * 0.5:.2f}"])

    def test_a_higher_rate_and_a_shorter_time_need_more_replicas(self) -> None:
        asked = ("--rate", 20, 100, "--rationale", 32, "--p99", 0.3, 2, "--texts", 1500)
        rows = self.rows("replicas", self.profile, *asked)
        counts = [[int(cell.split()[0]) for cell in row[3:]] for row in rows]
        (quick_few, quick_many), (slow_few, slow_many) = counts
        self.assertLess(quick_few, quick_many)
        self.assertLessEqual(slow_few, quick_few)
        self.assertLess(slow_many, quick_many)

    def test_a_slower_machine_needs_more_replicas(self) -> None:
        asked = ("--rate", 100, "--rationale", 32, "--p99", 1, "--texts", 1500)
        (plain,), (slow,) = (self.rows("replicas", self.profile, *asked, *more) for more in ((), ("--pace", 1.5)))
        self.assertLess(int(plain[3].split()[0]), int(slow[3].split()[0]))
        done = simulate("replicas", self.profile, *asked, "--pace", 0)
        self.assertEqual((done.returncode, done.stderr), (1, "simulate: a pace of 0.0, expected more than 0\n"))

    def test_a_time_that_a_lone_text_takes_longer_than_is_never_met(self) -> None:
        self.assertIsNone(replicas_needed(made.profile(), Load(1.0, (30,), (32,)), 0.05, 500))
        (row,) = self.rows("replicas", self.profile, "--rate", 1, "--p99", 0.01, "--texts", 500)
        self.assertEqual(row[3], "never")

    def test_a_timeline_has_a_line_for_each_window(self) -> None:
        rows = self.rows(
            "timeline", self.profile, "--rate", 50, "--replicas", 3, "--seconds", 30, "--lose", 15, "--texts", 500,
            "--warm", 5000, "--balance", "hash")
        self.assertEqual([row[0] for row in rows], ["0", "10", "20"])
        self.assertGreaterEqual(int(rows[0][1].rstrip("%")), 95)

    def test_replicas_beyond_those_that_are_needed_are_added_to_them(self) -> None:
        load = ("--rate", 2, "--seconds", 20, "--p99", 5, "--replicas")
        for spare in (0, 1):
            done = simulate("timeline", self.profile, *load, spare)
            self.assertEqual(done.stdout.splitlines()[0], f"{1 + spare} replicas of made")

    def test_a_cache_that_all_share_is_at_least_as_good_as_one_each(self) -> None:
        rows = self.rows("cache", self.profile, "--replicas", 8, "--entries", 200, "--texts", 20000, "--draws", 40000)
        own, hashed, shared = (int(cell.split("%")[0]) for cell in rows[0][-3:])
        self.assertLess(own, hashed)
        self.assertLessEqual(abs(shared - hashed), 2)

    def test_a_point_that_the_model_itself_made_is_met_and_one_twice_as_slow_is_not(self) -> None:
        point = Point("itself", "made", 20.0, 0, 9, 0.0, [45] * 400, [32] * 400, [1.3], Summary(1.0, 1.0, 1.0, 1.0))
        found = point.simulated(made.GUESSED)
        slower = Summary(found.mean * 2, found.p50 * 2, found.p99 * 2, found.throughput)
        path = self.directory / "points.json"
        write_points(path, [dataclasses.replace(point, measured=found), dataclasses.replace(point, measured=slower)])
        self.assertEqual(read_points(path)[0].measured, found)
        points = dataclasses.replace(point, profile=str(self.profile))
        write_points(path, [dataclasses.replace(points, measured=found), dataclasses.replace(points, measured=slower)])
        rows = self.rows("check", path)
        self.assertEqual([row[-4:] for row in rows], [["+0%"] * 4, ["-50%", "-50%", "-50%", "+0%"]])
        near = "mean of 1, p50 of 1, p99 of 1, throughput of 2."
        fast = "mean of 0, p50 of 0, p99 of 0, throughput of 2."
        self.assertIn(f"Of 2 points within 15%: {near} Without their pace: {fast}", simulate("check", path).stdout)

    def test_a_slow_machine_is_simulated_as_slow_as_it_was(self) -> None:
        for rate, clients in ((20.0, 0), (0.0, 3)):
            fast = Point("", "made", rate, clients, 9, 0.0, [45] * 300, [32] * 300, [1.0], Summary(1.0, 1.0, 1.0, 1.0))
            slow = dataclasses.replace(fast, pace=[1.3])
            dear = made.cost(0.002, **{
                name: 1.3 * value for name, value in zip(FEATURES, made.GUESSED.cost.coefficients)})
            expected = fast.simulated(dataclasses.replace(made.GUESSED, cost=dear))
            for name, value in dataclasses.asdict(slow.simulated(made.GUESSED)).items():
                self.assertAlmostEqual(value, getattr(expected, name), places=9)
            self.assertEqual(slow.simulated(made.GUESSED, at_its_pace=False), fast.simulated(made.GUESSED))
            # Each second has its own.
            late = dataclasses.replace(fast, pace=[1.0, 1.0, 1.3])
            self.assertLess(fast.simulated(made.GUESSED).mean, late.simulated(made.GUESSED).mean)
            self.assertLess(late.simulated(made.GUESSED).mean, expected.mean)

    def test_costs_are_fitted_again_from_what_a_profile_holds(self) -> None:
        steps = made.steps(made.GUESSED.cost)
        known = dataclasses.replace(made.GUESSED, steps=steps, cost=made.cost(step=1.0))
        known.write(self.profile)
        done = simulate("fit", self.profile)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = Profile.read(self.profile)
        self.assertEqual([each.step for each in found.steps], [each.step for each in steps])
        for each in found.steps:
            self.assertAlmostEqual(found.cost.seconds(each.step) / each.seconds, 1, delta=0.01)
        rows = [line.split("|") for line in done.stdout.splitlines() if line.count("|") == 8][2:]
        self.assertEqual(sum(int(row[3]) for row in rows), len(steps))
        self.assertEqual({row[6].strip().lstrip("+-") for row in rows}, {"0%"})

    def test_the_least_value_that_a_share_does_not_exceed(self) -> None:
        values = [float(value) for value in range(1, 101)]
        for share, expected in ((0.5, 50.0), (0.99, 99.0), (1.0, 100.0)):
            self.assertEqual(percentile(values[::-1], share), expected)
        with self.assertRaisesRegex(Refusal, "no text"):
            percentile([], 0.5)

    def test_what_is_wrong_with_a_file_is_said_in_a_line(self) -> None:
        good = json.loads(self.profile.read_text())
        cases = [
            ("{", "Expecting"),
            ("[]", "the format is None"),
            (json.dumps({**good, "format": "other"}), "the format is 'other'"),
            (json.dumps({key: value for key, value in good.items() if key != "cost"}), "'cost'"),
            (json.dumps({**good, "cost": {**good["cost"], "step": -1}}), "negative"),
            (json.dumps({**good, "cost": {**good["cost"], "step": "x"}}), "could not convert"),
            (json.dumps({**good, "threads": 0}), "0 threads"),
            (json.dumps({**good, "guesses": [[1]]}), "in a profile"),
            (json.dumps({**good, "steps": [[1, 2, 3]]}), "in a profile"),
            (json.dumps({**good, "steps": ["123456"]}), "a step is '123456'"),
            (json.dumps({**good, "steps": [[1, -1, 9, 0, 0, 5]]}), "less than nothing"),
            (json.dumps({**good, "steps": [[1, 1, 9, 0, 0, float("inf")]]}), "infinity"),
            (json.dumps({**good, "steps": [[1, 1, 9, 0, 0, 10**400]]}), "too large"),
            (json.dumps({**good, "guesses": [[5, -1, 0]]}), "less than nothing"),
            (json.dumps({**good, "threads": "2"}), "in a profile"),
            (json.dumps({**good, "tokens_per_word": "2"}), "in a profile"),
            (json.dumps({**good, "steps": [[1, 1, 9, 0, 0, 0]]}), "a step took no time"),
            (json.dumps({**good, "colour": "red"}), "colour"),
        ]
        for content, words in cases:
            with self.subTest(words):
                self.profile.write_text(content)
                done = simulate("cost", self.profile)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
        good = {
            "name": "", "profile": str(self.profile), "rate": 1.0, "clients": 0, "seed": 1, "others_share": 0.0,
            "prompt_tokens": [20], "rationale_tokens": [0], "pace": [1.0],
            "measured": {"mean": 1.0, "p50": 1.0, "p99": 1.0, "throughput": 1.0},
        }
        made.GUESSED.write(self.profile)
        path = self.directory / "points.json"

        def check(points: object) -> "subprocess.CompletedProcess[str]":
            path.write_text(json.dumps({"format": "grace-capacity-points-2", "points": points}))
            return simulate("check", path)

        self.assertEqual(check([good]).returncode, 0)
        infinite, none = float("inf"), float("nan")
        wrong = [
            ("pace", value) for value in ([], ["x"], "12", 3, [0], [-1], [infinite], [none], None, [10**400])
        ] + [
            ("rate", -1.0), ("rate", "x"), ("rate", 0.0), ("rate", none), ("clients", 1), ("clients", -1),
            ("seed", []), ("profile", 3), ("prompt_tokens", []), ("prompt_tokens", [1, 2]), ("prompt_tokens", [1.5]),
            ("rationale_tokens", [-1]), ("measured", 3), ("measured", {**good["measured"], "p50": 0.0}),
            ("measured", {**good["measured"], "mean": "1"}), ("colour", "red"),
        ]
        for points in ([{**good, name: value}] for name, value in wrong):
            with self.subTest(points):
                done = check(points)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
                self.assertIn("point", done.stderr)
        for points in ([], None, 3, [3], ["x"]):
            with self.subTest(points):
                done = check(points)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
        missing = simulate("check", self.directory / "nowhere.json")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("No such file", missing.stderr)


if __name__ == "__main__":
    unittest.main()
