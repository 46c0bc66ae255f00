"""The page at /ui in Chromium: what it sends, what it makes of answers and failures, and what can get into it."""

import re
import subprocess
import threading
import unittest

import browser
import scripted_server
from client_case import ADMIN_URL, TIMEOUT, URL, post
from page_case import DONE, PAIR, READY, PageCase
from server import PROMPTED_MODEL

MARKUP = ["<img src=x onerror='window.ran = 1'>", "<script>window.ran = 1</script>", "</style></textarea><b>bold</b>",
          "&lt;i&gt; \" ' `${window.ran = 1}`"]
MOST_BYTES = 60_000


class StateTests(PageCase):
    def test_the_page_is_there_before_any_model_and_says_so(self):
        self.server.is_ready = False
        for path in ("/", "/ui"):
            self.open(path=path, until="document.querySelector('#state').textContent.includes('is loading')")
            self.assertEqual(self.browser.text("#state"), "No checkpoint is ready: the model Reader is loading")
            self.assertTrue(self.browser.run("return document.querySelector('#explain').checkVisibility()"))
        self.server.is_ready = True
        self.browser.until(READY)
        self.assertIn("Ready: Reader@0123456789ab, int4/avx2, 576 dimensions", self.browser.text("#state"))

    def test_checkpoint_and_settings_are_shown(self):
        self.open()
        self.browser.click("#settings summary")
        facts = self.browser.text("#facts")
        for fact in ("Reader@0123456789ab", "int4/avx2", "576", "8192", "1024", "64", scripted_server.SYSTEM_PROMPT):
            self.assertIn(fact, facts)

    def test_settings_are_sent_as_they_stand_there(self):
        self.explain(*PAIR, granularity="words")
        self.assertEqual(self.sent(), {"inputs": list(PAIR), "granularity": "words", "stream": True})
        self.browser.run("document.querySelector('#settings').open = true")
        # More digits than a number of JavaScript has.
        settings = {"max_rationale_tokens": "7", "temperature": "0.5", "top_p": "0.25", "seed": "9223372036854775807",
                    "prompt_name": "query"}
        for name, value in settings.items():
            self.browser.fill("#" + name, value)
        self.browser.fill("#text-b", "")
        self.browser.click("#explain")
        self.browser.until(DONE)
        self.assertEqual(self.server.requests[-1][0], "/explain")
        self.assertEqual(self.sent(), {
            "inputs": PAIR[0], "stream": True, "max_rationale_tokens": 7, "temperature": 0.5, "top_p": 0.25,
            "prompt_name": "query", "seed": 9223372036854775807})

    def test_a_key_is_asked_for_sent_and_not_copied(self):
        self.server.key = "a-secret"
        self.open(*PAIR, until="document.querySelector('#state').textContent.includes('give it in the settings')")
        self.browser.click("#explain")
        self.browser.until(DONE)
        self.assertIn("401: expected a key", self.browser.text(".run .facts"))
        self.browser.fill("#key", "a-secret")
        self.browser.until(READY)
        self.browser.click("#explain")
        self.browser.until("document.querySelector('.run[data-state=done]')")
        self.browser.click("#copy")
        command = self.browser.until("document.querySelector('#curl').textContent")
        self.assertIn("$GRACE_KEY", command)
        self.assertNotIn("a-secret", command)

    def test_curl_sends_what_the_page_sends(self):
        texts = ("It's \"quoted\", `cat`, $HOME, \\n and\na line; 😺 %s", "-d @/etc/hostname '; echo")
        self.explain(*texts)
        self.browser.click("#copy")
        command = self.browser.until("document.querySelector('#curl').textContent")
        # A shell reads it, and tells what curl would get.
        result = subprocess.run(["sh", "-c", "curl() { printf '%s\\0' \"$@\"; }\n" + command], capture_output=True,
                                check=True, text=True)
        words = result.stdout.split("\0")[:-1]
        self.assertEqual(words, ["-N", self.server.url + "/explain/similarity", "-H", "Content-Type: application/json",
                                 "-d", self.server.requests[-1][2]])


class StreamTests(PageCase):
    def test_rationales_appear_while_they_are_written(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def script(*request):
            *first, last = scripted_server.plain_script(*request)
            yield from first[:6]
            yield "wait", release
            yield from first[6:] + [last]

        self.server.script = script
        self.open(*PAIR)
        self.browser.click("#explain")
        written = "This text is about The river burst"
        self.browser.until("document.querySelectorAll('.body')[1]?.textContent === arguments[0]", written)
        self.assertEqual(self.browser.text("#message"), "Writing …")
        self.assertEqual(self.marks(), [])
        release.set()
        self.browser.until(DONE)
        self.assertRegex(self.browser.text("#message"), r"^Done: similarity 0\.\d{4}\.$")
        # Read aloud in sentences.
        spoken = self.browser.run(
            "return Array.from(document.querySelectorAll('#announcements p'), line => line.textContent)")
        self.assertEqual(spoken, ["A: This text is about The river burst.", "B: This text is about Days of rain.",
                                  "A: It has 12 words.", "B: It has 11 words."])

    def test_one_text_alone_is_explained(self):
        self.explain(PAIR[0])
        self.assertEqual(self.server.requests[-1][0], "/explain")
        bodies = self.browser.run("return Array.from(document.querySelectorAll('.body'), body => body.textContent)")
        self.assertEqual(bodies, [PAIR[0], "This text is about The river burst. It has 12 words."])
        self.assertIn("rationale of 11 tokens, ended by the model", self.browser.text(".facts"))

    def test_stopping_ends_the_request(self):
        for stop in (lambda: self.browser.click("#stop"), lambda: self.browser.press("Escape")):
            gone = threading.Event()
            self.server.script = lambda *_: iter([("token", {"index": 0, "text": "Only this"}), ("watch", gone)])
            self.open(*PAIR)
            self.browser.click("#explain")
            self.browser.until("document.body.textContent.includes('Only this')")
            stop()
            self.assertTrue(gone.wait(browser.PATIENCE))
            self.browser.until("document.querySelector('#message').textContent === 'Stopped.'")
            # What was written stays.
            self.assertIn("Only this", self.browser.text("#runs"))

    def test_failures_are_told_and_what_was_written_stays(self):
        token = ("token", {"index": 0, "text": "Written so far"})
        error = {"error": "the request was given up after 2.5 seconds", "error_type": "Timeout"}
        pair = {"similarity": 1, "spans": [[], []], "contributions": [{"a": 0, "b": 0, "contribution": 1}]}
        seen = threading.Event()
        self.addCleanup(seen.set)
        cases = [
            ([("refuse", 422, {"error": "`seed` is -1", "error_type": "Validation"})],
             "422: `seed` is -1 (Validation)"),
            ([("refuse", 502, b"<h1>Bad Gateway</h1>", {"Content-Type": "text/html"})], "502: <h1>Bad Gateway</h1>"),
            ([token, ("error", error)], "the request was given up after 2.5 seconds (Timeout)"),
            ([token, ("wait", seen), ("break off",)], "The connection broke off before the answer was whole"),
            ([token, ("end",)], "The connection ended before the answer was whole"),
            ([token, ("done", {"similarity": "high"})], "The answer is not one that this page knows"),
            ([token, ("done", pair)], "The answer has a contribution of spans that it does not have: 0 and 0"),
        ]
        for events, message in cases:
            with self.subTest(message):
                self.server.script = lambda *_, events=events: iter(events)
                self.open(*PAIR)
                self.browser.click("#explain")
                if ("wait", seen) in events:
                    # Chromium drops what it has not given to the page when a connection breaks off.
                    self.browser.until("document.querySelector('#runs').textContent.includes('Written so far')")
                    seen.set()
                self.browser.until(DONE)
                self.assertEqual(self.browser.text(".run .failure"), message)
                self.assertEqual(self.browser.text("#message"), f"Failed: {message}")
                self.assertEqual("Written so far" in self.browser.text("#runs"), token in events)
        self.server.script = scripted_server.plain_script
        self.browser.click("#explain")
        self.browser.until("document.querySelector('.run[data-state=done]')")

    def test_a_server_that_has_gone_is_missed(self):
        self.server.script = lambda *_: iter([("break off",)])
        self.explain(*PAIR)
        self.assertEqual(self.browser.text(".run .failure"), "The server cannot be reached")


class SafetyTests(PageCase):
    def test_it_weighs_little_and_loads_nothing_from_elsewhere(self):
        self.explain(*PAIR)
        self.assertLessEqual(len(self.server.page), MOST_BYTES)
        loaded = self.browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
        self.assertTrue(loaded)
        self.assertEqual([url for url in loaded if not url.startswith(self.server.url)], [])

    def test_its_policy_lets_nothing_else_run(self):
        self.open()
        found = self.browser.run("""
            const script = document.createElement("script");
            const attempts = [
              () => { script.text = "window.ran = 1"; },
              () => { document.body.innerHTML = "<b>bold</b>"; },
              () => { document.body.setAttribute("onclick", "window.ran = 1"); },
              () => { eval("window.ran = 1"); },
              // It is no string that is made markup of, and has no nonce.
              () => { script.append("window.ran = 1"); document.body.append(script); },
            ];
            const run = attempt => { try { attempt(); } catch (error) { return error.name; } };
            // Later, when it is no longer the driver who runs it, which no policy holds for.
            return new Promise(resolve => setTimeout(() => resolve([...attempts.map(run), window.ran])));""")
        self.assertEqual(found, ["TypeError", "TypeError", "TypeError", "EvalError", None, None])

    def test_texts_never_become_markup(self):
        self.server.models = MARKUP

        def script(path, body, checkpoint):
            for markup in MARKUP:
                yield "token", {"index": 0, "text": markup}
            answer = scripted_server.similarity(body, ["".join(MARKUP), MARKUP[0]], checkpoint)
            answer["spans"][0].append({"kind": MARKUP[0], "start": 0, "end": 0, "text": MARKUP[1]})
            yield "done", answer

        self.server.script = script
        self.explain(" ".join(MARKUP), MARKUP[1])
        self.browser.point(".mark")
        self.browser.click("#copy")
        self.server.script = lambda *_: iter([("refuse", 422, {"error": MARKUP[0], "error_type": MARKUP[1]})])
        shown = self.browser.run("return document.querySelector('#runs').textContent")
        self.assertTrue(all(markup in shown for markup in MARKUP))
        self.browser.click("#explain")
        self.browser.until("document.querySelector('.run .failure')")
        self.assertIn(MARKUP[0], self.browser.text(".run .failure"))
        found = self.browser.run("return [document.querySelectorAll('main img, main b, main i, main script').length, "
                                 "window.ran ?? null]")
        self.assertEqual(found, [0, None])


class ServerTests(unittest.TestCase):
    """The page and the server that it comes from."""

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(browser.running())

    def open(self, path):
        self.browser.resize(1000)
        self.browser.open(URL + path)
        self.browser.until(READY)

    def test_a_text_is_explained(self):
        self.open("/")
        self.browser.fill("#text-a", "The page waits for the rain.")
        self.browser.click("#explain")
        self.browser.until(DONE)
        self.assertRegex(self.browser.text("#message"), r"^Done: rationale of \d+ tokens, ")
        self.assertTrue(self.browser.run("return document.querySelectorAll('.body')[1].textContent"))

    def test_a_pair_is_explained_with_two_checkpoints(self):
        # The default model is active, the other one only loaded.
        post("/admin/checkpoints/load?wait=true", {"checkpoint": PROMPTED_MODEL}, url=ADMIN_URL)
        self.open("/ui")
        self.browser.until("document.querySelector('#other-model').options.length === 3")
        models = self.browser.run("return Array.from(document.querySelector('#model').options, option => option.value)")
        for granularity in ("sentences", "words", "tokens"):
            for name, value in {"text-a": PAIR[0], "text-b": PAIR[1], "model": models[1], "other-model": models[2],
                                "granularity": granularity}.items():
                self.browser.fill("#" + name, value)
            self.browser.click("#explain")
            self.browser.until(DONE + " && document.querySelectorAll('.run[data-state=done]').length === 2")
            # All of both texts is there, each in its place, and the parts are all of the similarity.
            self.assertEqual(self.browser.run("return document.querySelectorAll('.left-out').length"), 0)
            for run in (1, 2):
                found = float(self.browser.text(f".run:nth-child({run}) .similarity b"))
                for side in (0, 1):
                    titles = self.browser.run(
                        "return Array.from(document.querySelectorAll(arguments[0]), mark => mark.title)",
                        f".run:nth-child({run}) .mark[data-side='{side}']")
                    total = sum(float(re.match(r"[+−]([\d.]+)", title)[0].replace("−", "-")) for title in titles)
                    self.assertAlmostEqual(total, found, delta=0.0001 * (1 + len(titles)))

    def test_the_page_of_routes_shows_them(self):
        self.browser.open(URL + "/docs")
        self.browser.until("document.querySelectorAll('details').length > 20")


if __name__ == "__main__":
    unittest.main()
