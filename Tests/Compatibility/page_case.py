"""What the tests of the page at /ui share: Chromium, and a server with the page that does what a script says."""

import json
import unittest

import browser
import scripted_server
from client_case import URL

PAIR = ("The river burst its banks after days of rain. Fields were flooded.",
        "Days of rain flooded the valley. The bank raised its rates.")
READY = "document.querySelector('#facts').childElementCount > 0"
DONE = "document.querySelector('#stop').hidden && document.querySelector('.run[data-state]')"


class PageCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(browser.running())

    def setUp(self):
        self.server = self.enterContext(scripted_server.running(URL + "/ui"))
        self.browser.resize(1000)
        self.browser.prefer("light")

    def open(self, first="", second="", path="/ui", until=READY):
        """The page, once it has found the server ready."""
        self.browser.open(self.server.url + path)
        self.browser.until(until)
        self.browser.fill("#text-a", first)
        self.browser.fill("#text-b", second)

    def explain(self, *texts, **choices):
        """The page with the answer to these texts."""
        self.open(*texts)
        for identifier, value in choices.items():
            self.browser.fill("#" + identifier, value)
        self.browser.click("#explain")
        self.browser.until(DONE)

    def sent(self):
        """The body of the last request."""
        return json.loads(self.server.requests[-1][2])

    def marks(self, selector=".mark[data-side]"):
        """Text, sign, share of ink and title of spans."""
        return self.browser.run(
            "return Array.from(document.querySelectorAll(arguments[0]), mark => [mark.textContent, mark.dataset.sign,"
            "Number(mark.style.getPropertyValue('--share')), mark.title])", selector)
