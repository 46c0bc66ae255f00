"""Floors and tables of experiments."""

import json
import math
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

import scripts


def results(directory: Path, name: str, scores: dict[str, float], **more: object) -> Path:
    path = directory / f"{name}.json"
    found = [
        {
            "task_name": task,
            "mode": {"kind": "none"},
            "scores": {"test": [{"main_score": score, "confidence_interval": [score - 0.1, score + 0.1]}]},
        }
        for task, score in scores.items()
    ]
    path.write_text(json.dumps({"format": "grace-evaluation", "results": found, **more}))
    return path


class TableTests(unittest.TestCase):
    def table(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([scripts.EXPERIMENTS / "table", *arguments], capture_output=True, text=True, check=False)

    def test_columns_stand_side_by_side_with_half_widths_and_means(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            first = results(Path(name), "first", {"birds": 0.5, "trees": 0.25})
            second = results(
                Path(name),
                "second",
                {"birds": 0.75},
                perplexity={"perplexity": 30.8},
                divergence={"kl_base_checkpoint": 0.5},
            )
            result = self.table(f"one={first}:none", f"two={second}:none")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(
            result.stdout.splitlines(),
            [
                "|  | one | two |",
                "| --- | ---: | ---: |",
                "| birds | 50.0 ±10.0 | 75.0 ±10.0 |",
                "| trees | 25.0 ±10.0 |  |",
                "| **mean** | **37.5** | **75.0** |",
                "| perplexity of plain text |  | 30.8 |",
                "| KL(base, checkpoint), nats |  | 0.50 |",
            ],
        )

    def test_what_is_no_column_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = results(Path(name), "first", {"birds": 0.5})
            other = Path(name) / "other.json"
            other.write_text("{}")
            for argument in (str(path), f"one={path}:greedy", f"one={other}:none", f"one={name}/absent:none"):
                with self.subTest(argument=argument):
                    result = self.table(argument)
                    self.assertEqual((result.returncode, result.stdout), (1, ""))
                    self.assertRegex(result.stderr, r"^table: [^\n]+\n$")


class FloorTests(unittest.TestCase):
    def vectors(self, kind: str, texts: list[str]) -> list[list[float]]:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "task.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
            server = subprocess.Popen(
                [scripts.EXPERIMENTS / "floor-server", kind, "--tasks", name], stdout=subprocess.PIPE, text=True
            )
            try:
                assert server.stdout is not None
                address = server.stdout.readline().strip()
                with urllib.request.urlopen(f"{address}/info") as answer:
                    self.assertEqual(json.load(answer)["checkpoint"], kind)
                body = json.dumps({"inputs": texts, "normalize": False}).encode()
                with urllib.request.urlopen(f"{address}/embed", data=body) as answer:
                    found: list[list[float]] = json.load(answer)
            finally:
                server.terminate()
                server.wait()
                server.stdout.close()
        return found

    def test_texts_that_share_rare_words_are_near(self) -> None:
        found = self.vectors("tfidf", ["the grey heron", "the heron nests", "the blue lamp", "", "the grey heron"])
        cosines = [sum(a * b for a, b in zip(found[0], other, strict=True)) for other in found]
        self.assertAlmostEqual(cosines[4], 1, places=4)
        self.assertGreater(cosines[1], cosines[2])
        for vector in found:
            self.assertAlmostEqual(math.hypot(*vector), 1, places=4)

    def test_a_text_that_comes_again_has_the_same_random_vector(self) -> None:
        found = self.vectors("random", ["a heron", "a stork", "a heron"])
        self.assertEqual(found[0], found[2])
        self.assertNotEqual(found[0], found[1])


if __name__ == "__main__":
    unittest.main()
