"""A server that has the page of grace-server and does what a test says: it waits, fails in the middle, or goes away.

Its answers have the form of grace-server's. What contributions it gives add up to the similarity, and mean nothing.
"""

import contextlib
import http.server
import json
import re
import threading
import urllib.request

FINGERPRINT = "0123456789abcdef" * 4
SENTENCE = re.compile(r"\s*[^.!?\n]*(?:[.!?\n]+|$)")
WORD = re.compile(r"\s*\S+|\s+$")
PROMPT = "Query: "
MOST_SIMILARITY = 0.9
TEMPLATE = "<|im_end|>\n<|im_start|>assistant\n"
SYSTEM_PROMPT = "Read and analyze the following text."


def rationale(text):
    """What is written of a text, in pieces."""
    words = text.split()
    return ["This text", " is about", " " + " ".join(words[:3]), ".", f" It has {len(words)} words", "."]


def parts(kind, text, granularity):
    """The spans of a text or of a rationale, in code points, without gaps."""
    pattern = SENTENCE if granularity == "sentences" else WORD
    return [{"kind": kind, "start": match.start(), "end": match.end(), "text": match.group()}
            for match in pattern.finditer(text) if match.group()]


def similarity(body, rationales, checkpoint):
    """The answer of /explain/similarity, with contributions that depend on words in common."""
    spans, granularity = [], body.get("granularity", "sentences")
    prompt = [{"kind": "prompt", "start": None, "end": None, "text": PROMPT}] if "prompt_name" in body else []
    template = [{"kind": "template", "start": None, "end": None, "text": TEMPLATE}]
    for text, written in zip(body["inputs"], rationales):
        spans.append(prompt + parts("text", text, granularity) + template + parts("rationale", written, granularity))
    words = [[set(re.findall(r"\w+", span["text"].lower())) for span in side] for side in spans]
    weights = [[1 + 4 * len(first & second) if first & second else -0.3 for second in words[1]] for first in words[0]]
    scale = MOST_SIMILARITY / sum(abs(weight) for row in weights for weight in row)
    contributions = [{"a": a, "b": b, "contribution": scale * weight}
                     for a, row in enumerate(weights) for b, weight in enumerate(row)]
    return {"similarity": sum(pair["contribution"] for pair in contributions), "spans": spans,
            "contributions": contributions, "checkpoint": checkpoint, "granularity": granularity, "rest": 0,
            "rationales": [explanation(*pair, checkpoint) for pair in zip(body["inputs"], rationales)]}


def explanation(text, written, checkpoint):
    return {"checkpoint": checkpoint, "finish_reason": "stop", "prompt_tokens": 40, "rationale": written,
            "rationale_tokens": len(written.split()), "reasoning": None, "seed": 1, "truncated": False,
            "understanding": written}


def plain_script(path, body, checkpoint):
    """The events of an answer, one after the other."""
    texts = body["inputs"] if isinstance(body["inputs"], list) else [body["inputs"]]
    written = [rationale(text) for text in texts]
    for pieces in zip(*written):
        for index, piece in enumerate(pieces):
            yield "token", {"index": index, "text": piece}
    rationales = ["".join(pieces) for pieces in written]
    if path.endswith("similarity"):
        yield "done", similarity(body, rationales, checkpoint)
    else:
        yield "done", [explanation(*pair, checkpoint) for pair in zip(texts, rationales)]


class ScriptedServer(http.server.ThreadingHTTPServer):
    """What it says is in its attributes, which a test may change while it runs.

    - script: given path, body and checkpoint, yields what is sent: an event's name and data; ("refuse", status, data)
      as the first; ("wait", event), which waits for a threading.Event; ("watch", event), which sets it when the client
      has gone; ("break off",), the end of the connection in the middle; ("end",), that of the stream without its last
      event.
    - requests: the path, the headers and the body of each that was sent.
    """

    daemon_threads = True

    def __init__(self, page_url):
        super().__init__(("127.0.0.1", 0), Handler)
        with urllib.request.urlopen(page_url, timeout=20) as response:
            self.page = response.read()
            self.page_headers = {name: response.headers[name] for name in ("Content-Type", "Content-Security-Policy")}
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.models = ["Reader"]
        self.is_ready = True
        self.key = None
        self.script = plain_script
        self.requests = []

    def checkpoint(self, name=None):
        return f"{name or self.models[0]}@{FINGERPRINT[:12]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=None):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, content in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_refused(self):
        if self.server.key is None or self.headers["Authorization"] == f"Bearer {self.server.key}":
            return False
        self.answer(401, {"error": "expected a key of the key file", "error_type": "Unauthorized"})
        return True

    def do_GET(self):
        server = self.server
        if self.path in ("/", "/ui"):
            self.answer(200, server.page, server.page_headers)
        elif not server.is_ready:
            self.answer(503, {"error": f"the model {server.models[0]} is loading", "error_type": "Unhealthy"})
        elif self.path == "/health":
            self.answer(200, {"checkpoint": server.checkpoint(), "status": "ready"})
        elif self.is_refused():
            pass
        elif self.path == "/info":
            self.answer(200, {
                "checkpoint": server.checkpoint(), "compute": "int4/avx2", "context_length": 8192, "dimensions": 576,
                "default_max_rationale_tokens": 64, "max_input_length": 1024, "max_rationale_tokens": 2048,
                "system_prompt": SYSTEM_PROMPT, "version": "0.1.0"})
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [
                {"active": index == 0, "checkpoint": server.checkpoint(name), "id": name, "object": "model"}
                for index, name in enumerate(server.models)]})
        else:
            self.answer(404, {"error": f"there is nothing at {self.path}", "error_type": "Request"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append((self.path, dict(self.headers), body))
        if self.is_refused():
            return
        fields = json.loads(body)
        self.close_connection = True
        has_begun = False
        for name, *values in self.server.script(self.path, fields, self.server.checkpoint(fields.get("model"))):
            if name == "refuse":
                return self.answer(*values)
            if name == "break off":
                return
            if not has_begun:
                has_begun = True
                self.begin(self.server.checkpoint(fields.get("model")))
            if name == "wait":
                values[0].wait(120)
            elif name == "watch":
                return self.watch(values[0])
            elif name == "end":
                break
            else:
                self.chunk(f"event: {name}\ndata: {json.dumps(values[0])}\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def begin(self, checkpoint):
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", "Connection": "close",
                            "x-grace-checkpoint": checkpoint, "x-grace-compute": "int4/avx2"}.items():
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self, event):
        """A client sends nothing more: the end of what it sends is the end of the connection."""
        self.rfile.read(1)
        event.set()


@contextlib.contextmanager
def running(page_url):
    """A server with the page of another, which ends with the block."""
    server = ScriptedServer(page_url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
