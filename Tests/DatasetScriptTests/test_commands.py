"""The commands' options, how they end without what they need, and what needs nothing fetched."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import scripts


def run(command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(scripts.DATASETS / command), *arguments], capture_output=True, text=True, check=False
    )


class CommandTests(unittest.TestCase):
    def test_help_tells_of_the_options(self) -> None:
        for command in ("build-datasets", "build-evaluation"):
            with self.subTest(command=command):
                result = run(command, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                for option in ("--output", "--downloads", "--apt-sources"):
                    self.assertIn(option, result.stdout)

    def test_random_negatives_are_other_positives_of_the_same_source(self) -> None:
        triplets = [
            {"query": f"{source} {i}", "positive": f"{source}\u2028{i // 2}", "negative": "hard", "source": source}
            for source in ("a", "b")
            for i in range(8)
        ]
        alone = {"query": "q", "positive": "p", "negative": "n", "source": "c"}
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "triplets.jsonl"
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*triplets, alone]))
            first, again, other = (run("random-negatives", str(path), "--seed", seed) for seed in "112")
        self.assertEqual((first.returncode, first.stdout), (0, again.stdout))
        self.assertNotEqual(first.stdout, other.stdout)
        rows = [json.loads(line) for line in first.stdout.split("\n")[:-1]]
        self.assertEqual([row["query"] for row in rows], [row["query"] for row in triplets])
        for row in rows:
            self.assertNotEqual(row["negative"], row["positive"])
            self.assertEqual(row["negative"][0], row["source"])

    def test_nothing_is_built_when_it_is_not_known_what_to_keep_out(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            (directory / "debian.sources").write_text("")
            result = run(
                "build-datasets",
                f"--output={directory / 'built'}",
                f"--downloads={directory / 'downloads'}",
                f"--evaluation={directory}",
                f"--apt-sources={directory / 'debian.sources'}",
            )
            self.assertFalse((directory / "built").exists())
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"^build-datasets: .* holds no evaluation files .*\n$")

    def test_an_unknown_task_is_refused(self) -> None:
        self.assertEqual(run("build-evaluation", "--task", "herons").returncode, 2)


if __name__ == "__main__":
    unittest.main()
