"""What servers that tests stand in for a real one have in common."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any


class JSONHandler(BaseHTTPRequestHandler):
    """Reads and answers JSON, and logs nothing."""

    protocol_version = "HTTP/1.1"
    # Head and body are written apart: without this they would wait for each other.
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def reply(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, field in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, field)
        self.end_headers()
        self.wfile.write(content)
