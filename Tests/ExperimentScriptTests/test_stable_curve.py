"""The curve of rationales that end early, with a trainer that only tells what it was asked for."""

import subprocess
import unittest
from pathlib import Path

import scripts

STUB = """value = lambda name: arguments[arguments.index(name) + 1]
limit = float(value("--stop-when-stable"))
if limit > 1:
    sys.exit(3)
results = [
    dict(kind=kind, scores=dict(test=[dict(main_score=score - limit)]))
    for kind, score in (("sts", 0.5), ("retrieval", 0.75), ("faithfulness", 0.9))
]
run = dict(mean_rationale_tokens=32 - 100 * limit, cut_off_share=0.75)
pathlib.Path(value("--output")).write_text(json.dumps(dict(results=results, rationales=[dict(runs=[run])])))
print("a table")
"""


class StableCurveTests(scripts.StubTrainerTestCase):
    body = STUB

    def curve(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [scripts.EXPERIMENTS / "stable-curve", "--model", "some/model", "--tasks", "tasks"]
        command += ["--runs", self.directory / "runs", "--trainer", self.trainer, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_each_limit_is_a_line_of_cost_and_score(self) -> None:
        for _ in range(2):
            result = self.curve("0", "0.125")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(
                result.stdout.splitlines()[1:],
                ["| ---: | ---: | ---: | ---: |", "| never | 32.0 | 75% | 62.50 |", "| 0.125 | 19.5 | 75% | 50.00 |"],
            )
        # What was there was not computed again.
        self.assertEqual([call[call.index("--stop-when-stable") + 1] for call in self.calls()], ["0.0", "0.125"])
        self.assertEqual(self.calls()[0][:5], ["evaluate", "--model", "some/model", "--tasks", "tasks"])

    def test_other_lengths_are_other_results(self) -> None:
        for tokens in ("32", "64"):
            self.assertEqual(self.curve("0", "--max-rationale-tokens", tokens).returncode, 0)
        self.assertEqual([call[call.index("--max-rationale-tokens") + 1] for call in self.calls()], ["32", "64"])

    def test_a_trainer_that_fails_ends_it(self) -> None:
        result = self.curve("0.5", "2")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("stable-curve: trainer ended with 3", result.stderr)


if __name__ == "__main__":
    unittest.main()
