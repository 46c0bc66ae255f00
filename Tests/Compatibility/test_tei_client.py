"""tei-client, a client of text-embeddings-inference by others than its makers; of its two halves the one for HTTP."""

import asyncio
import unittest

from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed
from tei_client import HttpClient


class TEIClientTests(ClientCase):
    def setUp(self):
        self.client = HttpClient(URL, timeout=TIMEOUT)
        self.addCleanup(self.client.client.close)

    def test_embed(self):
        self.assert_same(self.client.embed(TEXTS))
        self.assert_same(self.client.embed(TEXTS[0]), embed(TEXTS[0]))
        self.assert_same(self.client.embed(TEXTS, normalize=False, truncate=True), embed(TEXTS, normalize=False))

    def test_health_and_info(self):
        self.assertTrue(self.client.health())
        info = self.client.info()
        self.assertEqual((info.server_model_id, info.server_model_type.value), (MODEL, "embedding"))
        self.assertEqual((info.server_model_metadata.pooling, info.max_client_batch_size), ("mean", 32))

    def test_tokens_there_and_back(self):
        tokens = [text.get_ids() for text in self.client.tokenize(TEXTS, add_special_tokens=False)]
        self.assertEqual(self.client.decode(tokens), TEXTS)
        self.assert_same(self.client.embed(tokens))

    def test_a_checkpoint_without_prompts_has_none(self):
        self.assertEqual(self.client.prompt_names(), [])

    def test_the_asynchronous_calls(self):
        self.assert_same(asyncio.run(self.client.async_embed(TEXTS)))


if __name__ == "__main__":
    unittest.main()
