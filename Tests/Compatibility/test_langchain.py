"""LangChain's OpenAIEmbeddings: right with check_embedding_ctx_length=False, and what it does without."""

import asyncio
import os
import pathlib
import unittest

import litellm
import openai
from client_case import MODEL, TEXTS, TIMEOUT, URL, ClientCase, embed
from langchain_openai import OpenAIEmbeddings

# OpenAI's vocabulary, which the client would fetch: another client has it among its files.
os.environ["TIKTOKEN_CACHE_DIR"] = str(pathlib.Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers")


def embeddings(**options):
    return OpenAIEmbeddings(
        base_url=URL + "/v1", api_key="-", model=MODEL, timeout=TIMEOUT, max_retries=0, **options)


class LangChainTests(ClientCase):
    def setUp(self):
        self.embeddings = embeddings(check_embedding_ctx_length=False)

    def test_documents_and_a_query(self):
        self.assert_same(self.embeddings.embed_documents(TEXTS))
        self.assert_same([self.embeddings.embed_query(TEXTS[0])], embed(TEXTS[0]))

    def test_the_asynchronous_calls(self):
        self.assert_same(asyncio.run(self.embeddings.aembed_documents(TEXTS)))

    def test_dimensions(self):
        vectors = embeddings(check_embedding_ctx_length=False, dimensions=9).embed_documents(TEXTS)
        self.assert_same(vectors, embed(TEXTS, dimensions=9))

    def test_more_texts_than_a_request_may_have(self):
        texts = [f"Text {number % 8}" for number in range(40)]
        with self.assertRaisesRegex(openai.UnprocessableEntityError, "`input` has 40 texts, the limit is 32"):
            self.embeddings.embed_documents(texts)
        vectors = embeddings(check_embedding_ctx_length=False, chunk_size=32).embed_documents(texts)
        self.assert_same(vectors, embed(texts[:8]) * 5)


class OtherVocabularyTests(ClientCase):
    """By default it sends tokens of OpenAI's vocabulary, which are other words here, or none."""

    def test_tokens_that_are_none_here_are_refused(self):
        with self.assertRaisesRegex(openai.UnprocessableEntityError, "which is none of the checkpoint's tokens"):
            embeddings().embed_query("The cat sleeps.")

    def test_tokens_that_are_other_words_here_make_another_vector(self):
        self.assertNotEqual(embeddings().embed_query("The cat is here"), embed("The cat is here")[0])


if __name__ == "__main__":
    unittest.main()
