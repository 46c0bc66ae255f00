"""Chroma, whose embedding function for text-embeddings-inference has the server's /embed as its URL."""

import unittest

import chromadb
from chromadb.config import Settings
from chromadb.utils.embedding_functions import HuggingFaceEmbeddingServer
from client_case import TEXTS, URL, ClientCase


class ChromaTests(ClientCase):
    def setUp(self):
        self.function = HuggingFaceEmbeddingServer(url=URL + "/embed")

    def test_vectors(self):
        self.assert_same(self.function(TEXTS))

    def test_a_collection_finds_each_of_its_texts(self):
        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
        collection = client.create_collection(
            "texts", embedding_function=self.function, configuration={"hnsw": {"space": "cosine"}})
        names = [str(number) for number in range(len(TEXTS))]
        collection.add(ids=names, documents=TEXTS)
        found = collection.query(query_texts=TEXTS, n_results=1)
        self.assertEqual(found["ids"], [[name] for name in names])


if __name__ == "__main__":
    unittest.main()
