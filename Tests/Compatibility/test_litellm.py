"""LiteLLM in the three dialects that it can speak to the server."""

import asyncio
import unittest

import litellm
from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed

DIALECTS = {
    "OpenAI": {"model": f"openai/{MODEL}", "api_base": URL + "/v1", "api_key": "-"},
    # Without input_type it would ask the hub what the model is for.
    "text-embeddings-inference": {
        "model": f"huggingface/{MODEL}", "api_base": URL + "/embed", "input_type": "embed", "api_key": "-"},
    "Ollama": {"model": f"ollama/{MODEL}", "api_base": URL},
}


class LiteLLMTests(ClientCase):
    def test_embedding(self):
        for name, fields in DIALECTS.items():
            with self.subTest(name):
                response = litellm.embedding(input=TEXTS, timeout=TIMEOUT, **fields)
                self.assert_same([item["embedding"] for item in response.data])

    def test_the_asynchronous_call(self):
        async def vectors():
            response = await litellm.aembedding(input=TEXTS, timeout=TIMEOUT, **DIALECTS["OpenAI"])
            return [item["embedding"] for item in response.data]

        self.assert_same(asyncio.run(vectors()))

    def test_a_model_that_is_not_there_is_its_not_found_error(self):
        fields = {**DIALECTS["OpenAI"], "model": "openai/absent"}
        with self.assertRaisesRegex(litellm.NotFoundError, "no checkpoint 'absent' is served"):
            litellm.embedding(input=TEXTS, timeout=TIMEOUT, max_retries=0, **fields)

    def test_dimensions(self):
        fields = {**DIALECTS["OpenAI"], "model": "openai/text-embedding-3-small"}
        response = litellm.embedding(input=TEXTS, timeout=TIMEOUT, dimensions=9, **fields)
        self.assert_same([item["embedding"] for item in response.data], embed(TEXTS, dimensions=9))


if __name__ == "__main__":
    unittest.main()
