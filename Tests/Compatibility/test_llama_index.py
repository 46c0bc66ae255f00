"""LlamaIndex's client of text-embeddings-inference."""

import asyncio
import unittest

from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference


class LlamaIndexTests(ClientCase):
    def setUp(self):
        self.embedding = TextEmbeddingsInference(model_name=MODEL, base_url=URL, timeout=TIMEOUT)

    def test_texts_and_a_query(self):
        self.assert_same(self.embedding.get_text_embedding_batch(TEXTS))
        self.assert_same([self.embedding.get_query_embedding(TEXTS[1])], embed(TEXTS[1]))

    def test_batches(self):
        texts = [f"Text {number % 8}" for number in range(40)]
        self.assert_same(self.embedding.get_text_embedding_batch(texts), embed(texts[:8]) * 5)

    def test_the_asynchronous_calls(self):
        self.assert_same(asyncio.run(self.embedding.aget_text_embedding_batch(TEXTS)))
        self.assert_same([asyncio.run(self.embedding.aget_query_embedding(TEXTS[1]))], embed(TEXTS[1]))

    def test_its_instructions_stand_before_the_texts(self):
        embedding = TextEmbeddingsInference(
            model_name=MODEL, base_url=URL, timeout=TIMEOUT, query_instruction="query:", text_instruction="text:")
        self.assert_same([embedding.get_query_embedding("cats")], embed("query: cats"))
        self.assert_same([embedding.get_text_embedding("cats")], embed("text: cats"))


if __name__ == "__main__":
    unittest.main()
