#!/usr/bin/env python3
"""What HTTP costs: requests a second beside nginx, which sends a file of the same size, under the same wrk.

    swift build -c release --product grace-server
    Tests/Benchmarks/http_overhead.py

It takes Debian's packages nginx-light and wrk. Both servers write an access log, both use all processors. The cached /embed
is parsed and checked in full each time. Rounds alternate between the servers; each ratio is of neighbours in one round.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from programs import MEASURED_MODEL, Server, environment, free_port, stop_at_signals

ROOT = Path(__file__).resolve().parent.parent.parent
BODY = json.dumps({"inputs": "The cat sleeps on the mat in the sun."})
# The shares of nginx's requests that the server is held to.
GOALS = {"/health": 0.5, "/embed": 0.25}


def grace(binary: Path, models: Path, log: Path) -> Server:
    """The server, its log in a file as nginx's is."""
    command = [str(binary), "--port", "0", "--admin-listen", "off", "--access-log", "on"]
    command += ["--models", str(models), "--model", MEASURED_MODEL]

    def ready(output: str) -> str | None:
        match = re.search(r"ready: (http://\S+),", output)
        return match[1] if match else None

    return Server(["sh", "-c", f'exec "$@" 2>{log}', "sh", *command], ready)


def nginx(directory: Path) -> Server:
    """nginx, with the files of the directory."""
    port = free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(
        f"worker_processes auto; pid {directory}/pid; error_log {directory}/error.log; daemon off;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log {directory}/access.log; default_type application/json; sendfile on; tcp_nopush on;\n"
        "  keepalive_requests 1000000000;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {directory}/files; }} }}\n"
    )

    def ready(_: str) -> str | None:
        url = f"http://127.0.0.1:{port}"
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).read()
        except OSError:
            return None
        return url

    return Server(["nginx", "-c", str(configuration)], ready)


def requests_a_second(url: str, connections: int, seconds: float, script: Path | None = None) -> float:
    """Of one run of wrk, in which every answer must be a success."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds:g}s", *(["-s", str(script)] if script else []), url]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{url}: not every answer is a success:\n{output}")
    match = re.search(r"Requests/sec:\s+([0-9.]+)", output)
    if match is None:
        raise SystemExit(f"wrk printed no rate:\n{output}")
    return float(match[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    stop_at_signals()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files = directory / "files"
        files.mkdir()
        # nginx's workers are another user's.
        directory.chmod(0o755)
        script = directory / "embed.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{BODY}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        )
        with grace(arguments.binary, arguments.models, directory / "grace.log") as ours:
            (files / "health").write_bytes(urllib.request.urlopen(f"{ours.url}/health").read())
            request = urllib.request.Request(
                f"{ours.url}/embed", BODY.encode(), {"Content-Type": "application/json"}
            )
            (files / "embed").write_bytes(urllib.request.urlopen(request).read())
            with nginx(directory) as theirs:
                print("| route | connections | nginx | grace-server | ratio | of at least |")
                print("|---|---|---|---|---|---|")
                for route, goal in GOALS.items():
                    for connections in arguments.connections:
                        pairs = [
                            (
                                requests_a_second(theirs.url + route, connections, arguments.seconds),
                                requests_a_second(
                                    ours.url + route, connections, arguments.seconds, script if route == "/embed" else None
                                ),
                            )
                            for _ in range(arguments.rounds)
                        ]
                        medians = [statistics.median(values) for values in zip(*pairs)]
                        ratios = sorted(ours_rate / theirs_rate for theirs_rate, ours_rate in pairs)
                        print(
                            f"| `{route}` | {connections} | {medians[0]:.0f} | {medians[1]:.0f} "
                            f"| {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {goal} |"
                        )


if __name__ == "__main__":
    main()
