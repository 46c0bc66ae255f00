"""Haystack's embedders: OpenAI's, and those of text-embeddings-inference."""

import os
import unittest

# Its offline mode refuses this machine's own servers too. Others are out of reach anyway: see fence/sitecustomize.py.
os.environ.pop("HF_HUB_OFFLINE", None)

from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed  # noqa: E402
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder  # noqa: E402
from haystack.dataclasses import Document  # noqa: E402
from haystack.utils import Secret  # noqa: E402
from haystack_integrations.components.embedders.huggingface_api import (  # noqa: E402
    HuggingFaceAPIDocumentEmbedder,
    HuggingFaceAPITextEmbedder,
)


def documents():
    return [Document(content=text) for text in TEXTS]


def vectors(embedder):
    return [document.embedding for document in embedder.run(documents())["documents"]]


class OpenAIEmbedderTests(ClientCase):
    options = {"api_base_url": URL + "/v1", "model": MODEL, "timeout": TIMEOUT, "max_retries": 0}

    def test_a_text_and_documents(self):
        key = Secret.from_token("-")
        text = OpenAITextEmbedder(api_key=key, **self.options).run(TEXTS[0])
        self.assert_same([text["embedding"]], embed(TEXTS[0]))
        self.assert_same(vectors(OpenAIDocumentEmbedder(api_key=key, progress_bar=False, **self.options)))


class HuggingFaceAPIEmbedderTests(ClientCase):
    options = {"api_type": "text_embeddings_inference", "api_params": {"url": URL}, "token": None}

    def test_a_text_and_documents(self):
        text = HuggingFaceAPITextEmbedder(normalize=True, **self.options).run(TEXTS[0])
        self.assert_same([text["embedding"]], embed(TEXTS[0]))
        self.assert_same(vectors(HuggingFaceAPIDocumentEmbedder(normalize=True, progress_bar=False, **self.options)))

    def test_it_asks_for_vectors_that_are_not_normalized_unless_told_to(self):
        text = HuggingFaceAPITextEmbedder(**self.options).run(TEXTS[0])
        self.assert_same([text["embedding"]], embed(TEXTS[0], normalize=False))


if __name__ == "__main__":
    unittest.main()
