#!/usr/bin/env python3
"""Answers like a grace-server that swaps checkpoints, without a model: for the test of swap_soak.py.

A vector is a digest of checkpoint and text. `FAKE_FAULT` names a fault that it has.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from json_handler import JSONHandler

FAULT = os.environ.get("FAKE_FAULT", "")


class Store:
    """The checkpoints that are loaded, by name, with their fingerprints."""

    def __init__(self, models: Path, active: str) -> None:
        self.models, self.active, self.previous = models, active, None
        self.lock = threading.Lock()
        self.loaded: dict[str, str] = {}
        self.swaps = 0
        self.load(active)

    def load(self, name: str) -> int:
        if name.startswith("broken") and FAULT != "accepts broken":
            return 422
        self.loaded[name] = hashlib.sha256((self.models / name / "model.gguf").read_bytes()).hexdigest()
        return 200

    def operate(self, operation: str, name: str) -> int:
        with self.lock:
            if operation == "unload":
                self.loaded.pop(name, None)
                return 409 if name == self.active else 200
            if operation == "load" or name not in self.loaded:
                status = self.load(name)
                if operation == "load" or status != 200:
                    return status
            self.active, self.previous = name, self.active
            self.swaps += 1
            return 200

    def listing(self) -> dict[str, Any]:
        with self.lock:
            entries = [
                {"name": name, "state": "active" if name == self.active else "ready", "fingerprint": fingerprint}
                for name, fingerprint in self.loaded.items()
            ]
            return {"checkpoints": entries, "active": self.active, "previous": self.previous}

    def embed(self, body: dict[str, Any]) -> tuple[int, str, list[float]]:
        with self.lock:
            name = body.get("model", self.active)
            fingerprint = self.loaded[name]
            shown = self.previous if FAULT == "wrong header" and self.swaps > 8 else name
            identity = f"{shown}@{self.loaded.get(shown or name, fingerprint)[:12]}"
            status = 503 if FAULT == "fails" and self.swaps == 9 else 200
        digest = hashlib.sha256(f"{fingerprint} {body['inputs']}".encode()).digest()
        return status, identity, [byte / 256 for byte in digest[:8]]


def handler(store: Store) -> type[JSONHandler]:
    class Handler(JSONHandler):
        def do_GET(self) -> None:
            self.reply(200, store.listing())

        def do_POST(self) -> None:
            body = self.body()
            path = self.path.removesuffix("?wait=true")
            if path == "/embed":
                status, identity, vector = store.embed(body)
                self.reply(status, [vector], {"x-grace-checkpoint": identity})
            else:
                status = store.operate(path.rpartition("/")[2], body["checkpoint"])
                self.reply(status, {"status": status})

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--port", "--models", "--model", "--admin-listen", "--cache-entries"):
        parser.add_argument(option)
    arguments = parser.parse_args()
    store = Store(Path(arguments.models), arguments.model)
    public, admin = (ThreadingHTTPServer(("127.0.0.1", 0), handler(store)) for _ in range(2))
    threading.Thread(target=admin.serve_forever, daemon=True).start()
    host, admin_host = (f"http://127.0.0.1:{server.server_address[1]}" for server in (public, admin))
    print(f"grace-server 0 ready: {host}, admin {admin_host}, fake, loaded in 0 s", flush=True)
    public.serve_forever()


if __name__ == "__main__":
    main()
