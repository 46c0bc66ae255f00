"""Hugging Face's InferenceClient, with the server's URL where it would have a model of the hub."""

import asyncio
import os
import unittest

# Its offline mode refuses this machine's own servers too. Others are out of reach anyway: see fence/sitecustomize.py.
os.environ.pop("HF_HUB_OFFLINE", None)

from client_case import TEXTS, TIMEOUT, URL, ClientCase, embed, post  # noqa: E402
from huggingface_hub import AsyncInferenceClient, InferenceClient  # noqa: E402
from huggingface_hub.errors import HfHubHTTPError  # noqa: E402


def client(path=""):
    return InferenceClient(model=URL + path, timeout=TIMEOUT)


class FeatureExtractionTests(ClientCase):
    def test_texts_at_the_servers_root_and_at_embed(self):
        for path in ("", "/", "/embed"):
            with self.subTest(path=path):
                vectors = client(path).feature_extraction(TEXTS)
                self.assertEqual((vectors.shape, str(vectors.dtype)), ((len(TEXTS), 576), "float32"))
                self.assert_same(vectors)

    def test_one_text_is_one_row(self):
        self.assert_same(client().feature_extraction(TEXTS[0]), embed(TEXTS[0]))

    def test_options_of_text_embeddings_inference(self):
        long = "word " * 3000
        fields = {"normalize": False, "truncate": True, "truncation_direction": "left"}
        self.assert_same(client().feature_extraction(long, **fields), embed(long, **fields))
        self.assert_same(client().feature_extraction(TEXTS[0], dimensions=7), embed(TEXTS[0], dimensions=7))

    def test_a_refusal_carries_the_servers_words(self):
        with self.assertRaisesRegex(HfHubHTTPError, "has 3047 tokens with the prompt around it, the limit is 1024"):
            client().feature_extraction("word " * 3000, truncate=False)

    def test_the_asynchronous_client(self):
        async def vectors():
            async with AsyncInferenceClient(model=URL, timeout=TIMEOUT) as client:
                return await client.feature_extraction(TEXTS)

        self.assert_same(asyncio.run(vectors()))


class SentenceSimilarityTests(ClientCase):
    def test_similarities_are_those_of_the_route(self):
        scores = client("/similarity").sentence_similarity(TEXTS[0], other_sentences=TEXTS)
        inputs = {"source_sentence": TEXTS[0], "sentences": TEXTS}
        self.assertEqual(scores, post("/similarity", {"inputs": inputs}))
        self.assertEqual(max(scores), scores[0])


if __name__ == "__main__":
    unittest.main()
