"""The job on a cluster of two executors, with grace-server: an executor is killed, then the driver, and it goes on.

    SPARK_SERVER=.build-test/release/grace-server python3 -m unittest discover --start-directory Tests/SparkTests

Also of `SPARK_TEXTS` texts instead of 20,000.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from place import ROOT
from processes import below, is_running, named, until

sys.path.insert(0, str(ROOT / "Tests" / "Benchmarks"))

from programs import MEASURED_MODEL as OTHER_MODEL  # noqa: E402
from programs import Server, grace_server  # noqa: E402
from spark_cluster import cluster_command  # noqa: E402

SERVER = Path(os.environ.get("SPARK_SERVER", ROOT / ".build-test/release/grace-server"))
MODELS = Path(os.environ.get("SPARK_MODELS", ROOT / "Models"))
TEXTS = int(os.environ.get("SPARK_TEXTS", 20_000))
CHUNK_ROWS = max(1, TEXTS // 40)
EXECUTOR = "CoarseGrainedExecutorBackend"
MISSING = [name for name in ("pyspark", "pyarrow") if not importlib.util.find_spec(name)]
MISSING += [] if shutil.which("java") else ["java"]
MISSING += [] if SERVER.exists() else [str(SERVER)]
# Of a whole run, in seconds.
PATIENCE = 900
WORDS = "river bridge ferry council winter market copper garden letter violin harbour window paper signal".split()


def texts(count: int) -> list[dict[str, str]]:
    """So many texts of a few words, no two of them equal."""
    drawn = random.Random(1)
    words = [" ".join(drawn.choices(WORDS, k=2)) for _ in range(count)]
    return [{"id": f"text-{number}", "text": f"{two} {number}"} for number, two in enumerate(words)]


def direct(url: str, path: str, records: list[dict[str, str]], **fields: Any) -> list[Any]:
    """What the server answers to the texts themselves, in their order."""
    def ask(start: int) -> list[Any]:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=300)
        body = {"inputs": [record["text"] for record in records[start:start + 32]], **fields}
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return json.loads(content)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [one for answers in pool.map(ask, range(0, len(records), 32)) for one in answers]


def served(server: Server) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.url}/v1/models", timeout=60) as answer:
        return json.load(answer)["data"]


def post(url: str, body: dict[str, Any]) -> int:
    """The status of an answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status


def bits(vector: list[float]) -> bytes:
    return struct.pack(f"<{len(vector)}f", *vector)


@unittest.skipIf(MISSING, f"{' and '.join(MISSING)} not there")
class ClusterTests(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.input, self.output = self.directory / "texts.jsonl", self.directory / "output"
        # What belongs to a server of this test, and to no other's.
        self.models = self.directory / "models"
        self.models.symlink_to(MODELS.resolve())

    def job(self, *options: str) -> subprocess.Popen[bytes]:
        """Starts the job as a user does, on two executors of one core each; with a server of theirs, or a service."""
        own = [] if "--service" in options else ["--server", SERVER.resolve(), "--models", self.models]
        job = ["--input", self.input, "--output", self.output, *own, *options]
        command, variables = cluster_command(self.directory, job)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRACE_")}
        environment |= {**variables, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.directory)}
        self.log = self.directory / "log"
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=environment, cwd=self.directory,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.addCleanup(process.communicate)
        self.addCleanup(lambda: [os.kill(one, signal.SIGKILL) for one in below(process.pid)])
        return process

    def finished(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """What a job says at its end."""
        output, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, self.log.read_text(errors="replace")[-5000:])
        return json.loads(output.splitlines()[-1])

    def chunks(self) -> list[Path]:
        return sorted((self.output / "vectors").glob("chunk-*.parquet"))

    def wait_for_chunks(self, count: int, process: subprocess.Popen[bytes]) -> None:
        until(lambda: len(self.chunks()) >= count or process.poll() is not None, PATIENCE)
        self.assertIsNone(process.poll(), self.log.read_text(errors="replace")[-5000:])

    def table(self, kind: str = "vectors") -> list[dict[str, Any]]:
        import pyarrow.parquet

        return pyarrow.parquet.read_table(self.output / kind).to_pylist()

    def direct_server(self) -> Server:
        return grace_server(SERVER, ["--models", str(MODELS)])

    def test_every_id_comes_once_though_an_executor_and_then_the_driver_are_killed(self) -> None:
        records = texts(TEXTS)
        bad = [b"no JSON\n", b'{"id": "empty", "text": ""}\n', json.dumps(records[0]).encode() + b"\n",
               json.dumps({"id": "long", "text": "river " * 3000}).encode() + b"\n"]
        self.input.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records) + b"".join(bad))
        options = ["--max-rationale-tokens", "0", "--chunk-rows", str(CHUNK_ROWS)]

        process = self.job(*options)
        self.wait_for_chunks(4, process)
        servers = named(f"{SERVER.resolve()} --port 0", named(str(self.models)))
        supervisors = named("grace_spark.supervisor", servers)
        self.assertEqual((len(servers), len(supervisors)), (2, 1))
        executors = named(EXECUTOR, below(process.pid))
        self.assertEqual(len(executors), 2)
        os.kill(executors[0], signal.SIGKILL)
        self.wait_for_chunks(12, process)
        started = below(process.pid)
        # Its executors are not touched: they find that the driver has gone.
        of_executors = {one for executor in named(EXECUTOR, started) for one in below(executor)}
        for one in set(started) - of_executors:
            os.kill(one, signal.SIGKILL)
        self.assertTrue(until(lambda: not any(map(is_running, [*started, *servers]))), "something was left behind")
        self.assertEqual(named(str(self.models)), [])

        before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in self.chunks()}
        self.assertLess(len(before), 40)
        summary = self.finished(self.job(*options))
        self.assertEqual(summary["chunks_before"], len(before))
        self.assertEqual((summary["rows"], summary["embedded"], summary["rejected"]), (TEXTS + 4, TEXTS, 4))
        for path, was in before.items():
            self.assertEqual((path.stat().st_mtime_ns, path.read_bytes()), was)
        self.assertTrue(until(lambda: not named(str(self.models))), "a server was left behind")

        rows = {row["id"]: row for row in self.table()}
        self.assertEqual(len(self.table()), TEXTS)
        self.assertEqual(set(rows), {record["id"] for record in records})
        self.assertEqual(len({row["fingerprint"] for row in rows.values()}), 1)
        self.assertEqual(sorted(row["reason"] for row in self.table("rejected")),
                         ["duplicate_id", "empty", "not_json", "too_long"])
        with self.direct_server() as server:
            vectors = direct(server.url, "/embed", records, max_rationale_tokens=0)
        different = [record["id"] for record, vector in zip(records, vectors)
                     if bits(vector) != bits(rows[record["id"]]["vector"])]
        self.assertEqual(different, [])

    def test_rationales_are_those_of_the_server_and_executors_may_have_one_each(self) -> None:
        import pyarrow
        import pyarrow.parquet

        records = texts(60)
        self.input = self.directory / "texts.parquet"
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), self.input, row_group_size=20)
        process = self.job("--rationales", "--max-rationale-tokens", "8", "--chunk-rows", "10",
                           "--server-per", "executor", "--server-options", "--threads 1")
        self.assertEqual(self.finished(process)["embedded"], len(records))
        rows = {row["id"]: row for row in self.table()}
        with self.direct_server() as server:
            answers = direct(server.url, "/explain", records, max_rationale_tokens=8, embedding=True)
        for record, answer in zip(records, answers):
            row = rows[record["id"]]
            self.assertEqual((row["rationale"], bits(row["vector"])), (answer["rationale"], bits(answer["embedding"])))

    def test_a_service_whose_checkpoint_is_switched_goes_on_with_the_one_that_was_begun_with(self) -> None:
        records = texts(1500)
        self.input.write_text("".join(json.dumps(record) + "\n" for record in records))
        options = ["--max-rationale-tokens", "0", "--chunk-rows", "100", "--service"]
        with self.direct_server() as server:
            first, = {one["fingerprint"] for one in served(server) if one["active"]}
            process = self.job(*options, server.url)
            self.wait_for_chunks(2, process)
            admin = re.search(r"admin (http://\S+)", server.printed())[1]
            self.assertEqual(post(f"{admin}/admin/checkpoints/activate?wait=true", {"checkpoint": OTHER_MODEL}), 200)
            self.assertLess(len(self.chunks()), 15)
            self.assertEqual(self.finished(process)["embedded"], len(records))
            self.assertNotEqual({one["fingerprint"] for one in served(server) if one["active"]}, {first})
        self.assertEqual({row["fingerprint"] for row in self.table()}, {first})
        # What serves another checkpoint alone cannot go on with it.
        (self.chunks()[0]).unlink()
        with grace_server(SERVER, ["--models", str(MODELS), "--model", OTHER_MODEL]) as server:
            process = self.job(*options, server.url)
            # spark-submit gives all that the driver prints to its own standard output.
            output, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(output.decode(), "embed.py: .*answered 404: no checkpoint .* is served")
        self.assertEqual(len(self.chunks()), 14)


if __name__ == "__main__":
    unittest.main()
