"""Ollama's own client."""

import asyncio
import unittest

import ollama
from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed, post


class OllamaTests(ClientCase):
    def setUp(self):
        self.client = ollama.Client(host=URL, timeout=TIMEOUT)

    def test_embed(self):
        self.assert_same(self.client.embed(model=MODEL, input=TEXTS).embeddings)
        self.assert_same(self.client.embed(model=MODEL + ":latest", input=TEXTS[0]).embeddings, embed(TEXTS[0]))

    def test_its_fields(self):
        response = self.client.embed(
            model=MODEL, input=TEXTS, dimensions=9, truncate=True, keep_alive="5m", options={"num_ctx": 512})
        self.assert_same(response.embeddings, embed(TEXTS, dimensions=9))
        explained = post("/explain", {"inputs": TEXTS})
        self.assertEqual(response.prompt_eval_count, sum(text["prompt_tokens"] for text in explained))

    def test_the_older_call(self):
        self.assert_same([self.client.embeddings(model=MODEL, prompt=TEXTS[2]).embedding], embed(TEXTS[2]))

    def test_what_it_asks_before_it_embeds(self):
        self.assertIn(MODEL + ":latest", [model.model for model in self.client.list().models])
        shown = self.client.show(MODEL)
        self.assertEqual(shown.capabilities, ["embedding"])
        self.assertEqual(shown.modelinfo["llama.embedding_length"], 576)

    def test_errors_carry_status_and_words(self):
        with self.assertRaisesRegex(ollama.ResponseError, "no checkpoint 'absent' is served") as caught:
            self.client.embed(model="absent", input="a")
        self.assertEqual(caught.exception.status_code, 404)

    def test_the_asynchronous_client(self):
        response = asyncio.run(ollama.AsyncClient(host=URL, timeout=TIMEOUT).embed(model=MODEL, input=TEXTS))
        self.assert_same(response.embeddings)


if __name__ == "__main__":
    unittest.main()
