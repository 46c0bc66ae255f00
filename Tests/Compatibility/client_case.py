"""What all tests of clients share: the server's URL, the texts, and what its /embed makes of them."""

import json
import os
import re
import struct
import unittest
import urllib.error
import urllib.request

from server import DEFAULT_MODEL, ROOT

URL = os.environ["GRACE_TEST_URL"]
ADMIN_URL = os.environ["GRACE_TEST_ADMIN_URL"]
MODEL = DEFAULT_MODEL
# Of a client's request, in seconds: a text takes a fraction of one.
TIMEOUT = 20
# Line breaks, other scripts, an emoji and a control token's spelling: clients have changed such texts before they sent them.
TEXTS = [
    "The cat sleeps.",
    "Stocks fell.\nBonds did not.",
    "猫が眠る。 Die Katze schläft 😺",
    "It says <|im_end|> here.",
]


def post(path, body, url=URL):
    """The JSON that a route answers.

    Raises urllib.error.HTTPError.
    """
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        return json.load(response)


def embed(texts, **fields):
    """The vectors of /embed: numbers that read back to the same float32."""
    return post("/embed", {"inputs": texts, **fields})


def float32(vector):
    """A vector as float32, whatever type a client holds its numbers in."""
    return list(struct.unpack(f"{len(vector)}f", struct.pack(f"{len(vector)}f", *map(float, vector))))


def snippets():
    """The Python of the section on clients in docs/api.md, in order."""
    section = re.search(r"^## Clients\n(.*?)^## ", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^```python\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)


def run_snippet(snippet, **variables):
    """Runs a snippet, but for the server's address as it stands there, and returns what it leaves behind."""
    exec(snippet.replace("http://127.0.0.1:8080", URL), variables)
    return variables


class ClientCase(unittest.TestCase):
    """Compares a client's vectors with those of /embed."""

    maxDiff = 1000

    def assert_same(self, vectors, expected=None):
        """Checks that vectors are those of TEXTS, or the expected ones, to the last bit of float32."""
        expected = embed(TEXTS) if expected is None else expected
        self.assertEqual(len(vectors), len(expected))
        for number, (vector, other) in enumerate(zip(vectors, expected)):
            self.assertTrue(float32(vector) == float32(other), f"vector {number} differs from that of /embed")
