"""Clients and a server that asks for a key: each sends it in its own way, and says so when it is wrong."""

import contextlib
import os
import pathlib
import tempfile
import unittest

# Its offline mode refuses this machine's own servers too. Others are out of reach anyway: see fence/sitecustomize.py.
os.environ.pop("HF_HUB_OFFLINE", None)

import litellm  # noqa: E402
import ollama  # noqa: E402
import openai  # noqa: E402
import server  # noqa: E402
from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer  # noqa: E402
from client_case import MODEL, TEXTS, TIMEOUT, ClientCase  # noqa: E402
from haystack.components.embedders import OpenAITextEmbedder  # noqa: E402
from haystack.utils import Secret  # noqa: E402
from haystack_integrations.components.embedders.huggingface_api import HuggingFaceAPITextEmbedder  # noqa: E402
from huggingface_hub import InferenceClient  # noqa: E402
from huggingface_hub.errors import HfHubHTTPError  # noqa: E402
from langchain_openai import OpenAIEmbeddings  # noqa: E402
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference  # noqa: E402
from tei_client import HttpClient  # noqa: E402

KEY = "a-key-of-the-tests"


class KeyTests(ClientCase):
    @classmethod
    def setUpClass(cls):
        opened = contextlib.ExitStack()
        cls.addClassCleanup(opened.close)
        file = pathlib.Path(opened.enter_context(tempfile.TemporaryDirectory())) / "keys"
        file.write_text(KEY + "\n")
        program, models = os.environ["GRACE_TEST_SERVER"], os.environ["GRACE_TEST_MODELS"]
        cls.url, _ = opened.enter_context(server.running(program, models, "--api-key-file", str(file)))

    def test_openai(self):
        options = {"base_url": self.url + "/v1", "timeout": TIMEOUT, "max_retries": 0}
        response = openai.OpenAI(api_key=KEY, **options).embeddings.create(model=MODEL, input=TEXTS)
        self.assert_same([item.embedding for item in response.data])
        with self.assertRaises(openai.AuthenticationError) as caught:
            openai.OpenAI(api_key="wrong", **options).embeddings.create(model=MODEL, input=TEXTS)
        self.assertEqual(caught.exception.code, "invalid_api_key")

    def test_huggingface_hub(self):
        self.assert_same(InferenceClient(model=self.url, token=KEY, timeout=TIMEOUT).feature_extraction(TEXTS))
        with self.assertRaises(HfHubHTTPError) as caught:
            InferenceClient(model=self.url, token="wrong", timeout=TIMEOUT).feature_extraction(TEXTS)
        self.assertEqual(caught.exception.response.status_code, 401)

    def test_langchain(self):
        self.assert_same(OpenAIEmbeddings(
            base_url=self.url + "/v1", api_key=KEY, model=MODEL, check_embedding_ctx_length=False, timeout=TIMEOUT
        ).embed_documents(TEXTS))

    def test_llama_index(self):
        self.assert_same(TextEmbeddingsInference(
            model_name=MODEL, base_url=self.url, auth_token=KEY, timeout=TIMEOUT).get_text_embedding_batch(TEXTS))

    def test_haystack(self):
        secret = Secret.from_token(KEY)
        embedders = [
            OpenAITextEmbedder(api_base_url=self.url + "/v1", api_key=secret, model=MODEL, timeout=TIMEOUT),
            HuggingFaceAPITextEmbedder(
                api_type="text_embeddings_inference", api_params={"url": self.url}, token=secret, normalize=True),
        ]
        for embedder in embedders:
            with self.subTest(type(embedder).__name__):
                self.assert_same([embedder.run(text)["embedding"] for text in TEXTS])

    def test_litellm(self):
        response = litellm.embedding(
            f"openai/{MODEL}", input=TEXTS, api_base=self.url + "/v1", api_key=KEY, timeout=TIMEOUT)
        self.assert_same([item["embedding"] for item in response.data])
        with self.assertRaises(litellm.AuthenticationError):
            litellm.embedding(
                f"openai/{MODEL}", input=TEXTS, api_base=self.url + "/v1", api_key="wrong", timeout=TIMEOUT)

    def test_ollama(self):
        headers = {"Authorization": f"Bearer {KEY}"}
        self.assert_same(
            ollama.Client(host=self.url, headers=headers, timeout=TIMEOUT).embed(model=MODEL, input=TEXTS).embeddings)
        with self.assertRaises(ollama.ResponseError) as caught:
            ollama.Client(host=self.url, timeout=TIMEOUT).embed(model=MODEL, input=TEXTS)
        self.assertEqual(caught.exception.status_code, 401)

    def test_chromadb(self):
        self.assert_same(HuggingFaceEmbeddingServer(url=self.url + "/embed", api_key=KEY)(TEXTS))

    def test_tei_client(self):
        headers = {"X-API-Key": KEY}
        self.assert_same(HttpClient(self.url, headers=headers, timeout=TIMEOUT).embed(TEXTS))


if __name__ == "__main__":
    unittest.main()
