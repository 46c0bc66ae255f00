"""Chromium without a window, driven over WebDriver (W3C) by chromedriver: JSON over HTTP."""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

STARTED = re.compile(r"started successfully on port (\d+)")
# Of what a page needs a moment for, in seconds: reached on a machine with much else to do, not by any test that passes.
PATIENCE = 120
CENTER = "document.querySelector(arguments[0]).scrollIntoView({block: 'center'})"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARGUMENTS = [
    "--headless=new", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars", "--lang=en",
    # Chromium's own sandbox needs what containers and root do not give; the pages are this repository's.
    "--no-sandbox",
]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Up": "\ue013", "Right": "\ue014",
        "Down": "\ue015", "Home": "\ue011", "End": "\ue010"}


class BrowserError(Exception):
    """The browser could not be started, or refused a command."""


class Browser:
    """One page."""

    def __init__(self, url, session):
        self.url = f"{url}/session/{session}"

    def command(self, method, path, body=None):
        return send(method, self.url + path, body)

    def open(self, url):
        self.command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What the body of a function of JavaScript returns, in the page."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def protocol(self, name, **parameters):
        """A command of Chromium's own protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def find(self, selector):
        return self.command("POST", "/element", {"using": "css selector", "value": selector})

    def text(self, selector):
        """What a person sees of an element."""
        return self.command("GET", f"/element/{self.find(selector)[ELEMENT]}/text")

    def click(self, selector):
        self.run(CENTER, selector)
        self.command("POST", f"/element/{self.find(selector)[ELEMENT]}/click", {})

    def fill(self, selector, text):
        """Puts a text in place of another, as pasting does."""
        self.run("const field = document.querySelector(arguments[0]); field.value = arguments[1];"
                 "field.dispatchEvent(new Event('input', {bubbles: true}));"
                 "field.dispatchEvent(new Event('change', {bubbles: true}));", selector, text)

    def press(self, *keys):
        """Names of KEYS, or characters."""
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def point(self, selector):
        """Moves the mouse to the middle of an element."""
        self.run(CENTER, selector)
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": self.find(selector)}
        self.command("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}]})

    def until(self, script, *arguments):
        """Waits for an expression of JavaScript to be true, and gives its value."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.run("return " + script, *arguments)
            if found:
                return found
            time.sleep(0.02)
        page = self.run("return document.body.innerText")
        raise AssertionError(f"not within {PATIENCE} s: {script}; the page says:\n{page}")

    def resize(self, width, height=800):
        """The size of the page in CSS pixels, smaller than a window may be."""
        self.protocol(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme):
        """light or dark."""
        self.protocol("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, whole=True):
        """A PNG of what is seen, or of the whole page."""
        options = {"captureBeyondViewport": whole, "optimizeForSpeed": False}
        if whole:
            size = self.run("const page = document.documentElement; return [innerWidth, page.scrollHeight]")
            options["clip"] = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        return base64.b64decode(self.protocol("Page.captureScreenshot", format="png", **options)["data"])


def send(method, url, body=None):
    """The value that a command of WebDriver gives.

    Raises BrowserError.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=2 * PATIENCE) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        value = json.load(error)["value"]
        raise BrowserError(f"{value['error']}: {value['message']}") from None


@contextlib.contextmanager
def running():
    """A browser, which ends with the block.

    Raises BrowserError.
    """
    programs = [shutil.which(name) for name in ("chromedriver", "chromium")]
    if None in programs:
        raise BrowserError("there is no chromium with its chromedriver: install Debian's chromium and chromium-driver")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as opened:
        driver = subprocess.Popen(
            [programs[0], "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        opened.callback(driver.stdout.close)
        opened.callback(driver.wait)
        opened.callback(driver.terminate)
        found = next(filter(None, map(STARTED.search, driver.stdout)), None)
        if found is None:
            raise BrowserError(f"chromedriver ended with status {driver.wait()}")
        url = f"http://127.0.0.1:{found.group(1)}"
        options = {"binary": programs[1], "args": [*ARGUMENTS, f"--user-data-dir={directory}"]}
        session = send("POST", url + "/session", {
            "capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]
        opened.callback(send, "DELETE", f"{url}/session/{session}")
        yield Browser(url, session)
