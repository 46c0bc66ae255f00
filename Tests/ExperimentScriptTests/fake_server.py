#!/usr/bin/env python3
"""Stands in for grace-server: verifies what is there, and embeds all texts alike.

The base's vector is (0, 1), an adapter's (1, 0), turned by the angle in GRACELESS_ANGLE where a precision is given.
"""

import hashlib
import http.server
import json
import math
import os
import sys
from pathlib import Path


def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        angle = 0 if option("--precision") is None else float(os.environ.get("GRACELESS_ANGLE", 0))
        if not (directory / "adapter_config.json").exists():
            angle = math.pi / 2
        answer = json.dumps([[math.cos(angle), math.sin(angle)] for _ in body["inputs"]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


name = sys.argv[-1] if "verify" in sys.argv else option("--model")
directory = Path(option("--models")) / name
contents = [path.read_bytes() for path in sorted(directory.iterdir())]
if any(b"unreadable" in content for content in contents):
    sys.exit("grace-server: the checkpoint is broken")
if "verify" in sys.argv:
    print(f"checkpoint   {name}")
    print(f"fingerprint  {hashlib.sha256(b''.join(contents)).hexdigest()}")
else:
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"grace-server 0 ready: http://127.0.0.1:{server.server_port}, {name}", flush=True)
        server.serve_forever()
