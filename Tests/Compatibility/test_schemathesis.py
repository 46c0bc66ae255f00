"""The server's own OpenAPI document: schemathesis sends what it allows and what it forbids, with all of its checks."""

import os
import pathlib
import subprocess
import sysconfig
import tempfile
import unittest

import server

HERE = pathlib.Path(__file__).resolve().parent


class DocumentTests(unittest.TestCase):
    def test_the_server_does_what_its_document_says(self):
        schemathesis = pathlib.Path(sysconfig.get_path("scripts")) / "schemathesis"
        # Short rationales, for it sends thousands of requests: of the base, which has no length of its own.
        short = ["--model", server.BASE_MODEL, "--max-rationale-tokens", "2", "--rationale-tokens-limit", "8"]
        program, models = os.environ["GRACE_TEST_SERVER"], os.environ["GRACE_TEST_MODELS"]
        # What it keeps for later runs is left behind nowhere, and the seed is fixed: a run that fails can be repeated.
        with server.running(program, models, *short) as (url, _), tempfile.TemporaryDirectory() as directory:
            result = subprocess.run(
                [schemathesis, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json",
                 "--checks", "all", "--max-examples", "40", "--seed", "1", "--request-timeout", "30",
                 "--generation-database", "none"],
                cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertRegex(result.stdout, r"\d{3,} generated")


if __name__ == "__main__":
    unittest.main()
