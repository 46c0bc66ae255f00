"""OpenAI's own client."""

import asyncio
import unittest

import openai
from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed, post


class OpenAITests(ClientCase):
    def setUp(self):
        options = {"base_url": URL + "/v1", "api_key": "-", "timeout": TIMEOUT, "max_retries": 0}
        self.client = openai.OpenAI(**options)
        self.addCleanup(self.client.close)
        self.options = options

    def vectors(self, **fields):
        response = self.client.embeddings.create(model=MODEL, **fields)
        self.assertEqual([item.index for item in response.data], list(range(len(response.data))))
        return [item.embedding for item in response.data]

    def test_a_list_comes_back_in_order_in_base64_which_the_client_asks_for(self):
        raw = self.client.embeddings.with_raw_response.create(model=MODEL, input=TEXTS)
        self.assertIn(b'"encoding_format":"base64"', raw.http_response.request.content.replace(b": ", b":"))
        self.assert_same(self.vectors(input=TEXTS))

    def test_numbers_are_those_of_base64(self):
        self.assert_same(self.vectors(input=TEXTS, encoding_format="float"))

    def test_one_text(self):
        self.assert_same(self.vectors(input=TEXTS[2]), embed(TEXTS[2]))

    def test_tokens_of_the_checkpoints_vocabulary(self):
        tokens = [[token["id"] for token in text]
                  for text in post("/tokenize", {"inputs": TEXTS, "add_special_tokens": False})]
        self.assert_same(self.vectors(input=tokens))
        self.assert_same(self.vectors(input=tokens[0]), embed(TEXTS[0]))

    def test_dimensions(self):
        for count in (1, 100, 576):
            vectors = self.vectors(input=TEXTS, dimensions=count)
            self.assertEqual([len(vector) for vector in vectors], [count] * len(TEXTS))
            self.assert_same(vectors, embed(TEXTS, dimensions=count))

    def test_fields_of_embed_as_extra_body(self):
        self.assert_same(
            self.vectors(input=TEXTS, extra_body={"max_rationale_tokens": 0, "normalize": False}),
            embed(TEXTS, max_rationale_tokens=0, normalize=False))

    def test_usage_counts_prompts_and_rationales(self):
        usage = self.client.embeddings.create(model=MODEL, input=TEXTS).usage
        explained = post("/explain", {"inputs": TEXTS})
        prompts = sum(text["prompt_tokens"] for text in explained)
        self.assertEqual(usage.prompt_tokens, prompts)
        self.assertEqual(usage.total_tokens, prompts + sum(text["rationale_tokens"] for text in explained))

    def test_the_headers_can_be_read(self):
        raw = self.client.embeddings.with_raw_response.create(model=MODEL, input=TEXTS)
        self.assertTrue(raw.headers["x-grace-checkpoint"].startswith(MODEL + "@"))
        self.assertEqual(raw.request_id, raw.headers["x-request-id"])

    def test_models(self):
        self.assertIn(MODEL, [model.id for model in self.client.models.list()])
        self.assertEqual(self.client.models.retrieve(MODEL).object, "model")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("absent")

    def test_an_alias_answers_clients_that_know_no_other_name(self):
        response = self.client.embeddings.create(model="text-embedding-3-small", input=TEXTS)
        self.assert_same([item.embedding for item in response.data])

    def test_errors_have_the_clients_classes(self):
        cases = [
            (openai.NotFoundError, "model_not_found", {"model": "absent", "input": "a"}),
            (openai.BadRequestError, None, {"model": MODEL, "input": ""}),
            (openai.UnprocessableEntityError, None, {"model": MODEL, "input": "a", "dimensions": 577}),
            (openai.UnprocessableEntityError, None, {"model": MODEL, "input": [100_000]}),
            (openai.UnprocessableEntityError, None, {"model": MODEL, "input": ["a"] * 33}),
        ]
        for error_class, code, fields in cases:
            with self.subTest(fields=str(fields)[:60]), self.assertRaises(error_class) as caught:
                self.client.embeddings.create(**fields)
            self.assertIs(type(caught.exception), error_class)
            self.assertEqual(caught.exception.code, code)
            self.assertTrue(caught.exception.body["message"])

    def test_the_asynchronous_client_sends_many_at_once(self):
        async def vectors():
            async with openai.AsyncOpenAI(**self.options) as client:
                responses = await asyncio.gather(
                    *(client.embeddings.create(model=MODEL, input=text) for text in TEXTS * 4))
            return [response.data[0].embedding for response in responses]

        self.assert_same(asyncio.run(vectors()), embed(TEXTS) * 4)


if __name__ == "__main__":
    unittest.main()
