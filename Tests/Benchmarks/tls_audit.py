#!/usr/bin/env python3
"""Lets testssl.sh look at a grace-server with TLS, with a certificate for RSA and with one for an elliptic curve.

    apt-get install testssl.sh
    swift build -c release --product grace-server
    Tests/Benchmarks/tls_audit.py

Certificates are of an authority made for the run, which testssl.sh is told of. The exit code is 0 if nothing is found
of severity HIGH or CRITICAL; what is LOW or MEDIUM is printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from programs import grace_server, stop_at_signals

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {
    "RSA 2048": ["-newkey", "rsa:2048"],
    "EC P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
}
ALLOWED = ("OK", "INFO", "LOW", "MEDIUM", "WARN")
SHOWN = ("LOW", "MEDIUM", "WARN", "HIGH", "CRITICAL", "FATAL")
# The last finding of a scan that came to its end.
LAST = "scanTime"


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificates(directory: Path, key: list[str]) -> None:
    """An authority `ca.pem`, and `server.pem` with `server.key` that it signed."""
    openssl(
        "req", "-x509", *key, "-nodes", "-days", "60", "-subj", "/CN=Authority for a trial", "-addext",
        "keyUsage=critical,keyCertSign,cRLSign", "-keyout", directory / "ca.key", "-out", directory / "ca.pem",
    )
    openssl(
        "req", *key, "-nodes", "-subj", "/CN=localhost", "-keyout", directory / "server.key", "-out",
        directory / "server.csr",
    )
    extensions = directory / "extensions"
    extensions.write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
        # Nobody asks there: a certificate has to name a place where revoked ones are listed.
        "keyUsage=critical,digitalSignature\ncrlDistributionPoints=URI:http://localhost/revoked.crl\n"
    )
    openssl(
        "x509", "-req", "-days", "365", "-in", directory / "server.csr", "-CA", directory / "ca.pem", "-CAkey",
        directory / "ca.key", "-extfile", extensions, "-out", directory / "server.pem",
    )


def audit(address: tuple[str, int], directory: Path) -> list[dict[str, str]]:
    """What testssl.sh finds."""
    result = directory / "findings.json"
    subprocess.run(
        [
            "testssl", "--quiet", "--warnings", "off", "--color", "0", "--ip", address[0], "--add-ca",
            str(directory / "ca.pem"), "--nodns", "min", "--jsonfile", str(result), f"localhost:{address[1]}",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=900,
    )
    return json.loads(result.read_text())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "grace-server")
    parser.add_argument("--models", type=Path, default=ROOT / "Models")
    parser.add_argument("--server-option", action="append", default=[], help="passed on to the server")
    parser.add_argument("--key", action="append", choices=list(KEYS), help="(all)")
    arguments = parser.parse_args()
    if shutil.which("testssl") is None:
        raise SystemExit("testssl.sh is not installed: apt-get install testssl.sh")
    fails = False
    for name in arguments.key or list(KEYS):
        with tempfile.TemporaryDirectory(prefix="tls-audit-") as temporary:
            directory = Path(temporary)
            make_certificates(directory, KEYS[name])
            options = ["--models", str(arguments.models), "--tls-certificate", str(directory / "server.pem")]
            options += ["--tls-key", str(directory / "server.key"), *arguments.server_option]
            with grace_server(arguments.binary, options) as server:
                findings = audit(server.address, directory)
        counts = Counter(finding["severity"] for finding in findings)
        print(f"{name}: " + ", ".join(f"{severity} {count}" for severity, count in sorted(counts.items())))
        for finding in findings:
            if finding["severity"] in SHOWN:
                print(f"  {finding['severity']} {finding['id']}: {finding['finding']}")
            if finding["severity"] not in ALLOWED:
                fails = True
        # A scan that ended early has proved nothing.
        fails |= not any(finding["id"] == LAST for finding in findings)
    return 1 if fails else 0


if __name__ == "__main__":
    stop_at_signals()
    sys.exit(main())
