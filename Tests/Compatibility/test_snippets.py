"""The snippets of docs/api.md: each is run as it stands there, but for the server's address."""

import os
import unittest

# Its offline mode refuses this machine's own servers too. Others are out of reach anyway: see fence/sitecustomize.py.
os.environ.pop("HF_HUB_OFFLINE", None)

from client_case import ClientCase, embed, run_snippet, snippets  # noqa: E402


class SnippetTests(ClientCase):
    def test_every_snippet_gives_the_vectors_of_embed(self):
        first, *others = snippets()
        texts = run_snippet(first)["texts"]
        expected = embed(texts)
        self.assertGreater(len(others), 10)
        for snippet in others:
            if "mteb" in snippet:  # which has an environment of its own: test_mteb.py runs it
                continue
            with self.subTest(snippet.splitlines()[0]):
                self.assert_same(run_snippet(snippet, texts=texts)["vectors"], expected)


if __name__ == "__main__":
    unittest.main()
