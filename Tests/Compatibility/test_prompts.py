"""Clients that can name a prompt, with a checkpoint that has prompts: it is the active one meanwhile."""

import os
import unittest

# Its offline mode refuses this machine's own servers too. Others are out of reach anyway: see fence/sitecustomize.py.
os.environ.pop("HF_HUB_OFFLINE", None)

from client_case import ADMIN_URL, MODEL, TIMEOUT, URL, ClientCase, embed, post  # noqa: E402
from huggingface_hub import InferenceClient  # noqa: E402
from openai import OpenAI  # noqa: E402
from server import PROMPTED_MODEL, PROMPTS  # noqa: E402
from tei_client import HttpClient  # noqa: E402


def activate(checkpoint):
    post("/admin/checkpoints/activate?wait=true", {"checkpoint": checkpoint}, url=ADMIN_URL)


class PromptTests(ClientCase):
    @classmethod
    def setUpClass(cls):
        activate(PROMPTED_MODEL)
        cls.addClassCleanup(activate, MODEL)

    def setUp(self):
        self.expected = embed(PROMPTS["query"] + "cats")
        self.assertNotEqual(self.expected, embed("cats"))

    def test_huggingface_hub(self):
        self.assert_same(
            InferenceClient(model=URL, timeout=TIMEOUT).feature_extraction("cats", prompt_name="query"), self.expected)

    def test_tei_client(self):
        client = HttpClient(URL, timeout=TIMEOUT)
        self.assertEqual(sorted(client.prompt_names()), sorted(PROMPTS))
        self.assert_same(client.embed("cats", prompt_name="query"), self.expected)

    def test_openai(self):
        client = OpenAI(base_url=URL + "/v1", api_key="-", timeout=TIMEOUT, max_retries=0)
        response = client.embeddings.create(
            model=PROMPTED_MODEL, input="cats", extra_body={"prompt_name": "query"})
        self.assert_same([response.data[0].embedding], self.expected)


if __name__ == "__main__":
    unittest.main()
