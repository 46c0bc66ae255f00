"""The pods of Deploy/kubernetes without a cluster: their variables, probes and files, with the program that was built.

Files of Secrets are laid out and replaced as the kubelet does it, by a link to a directory. `OPERATIONS_SERVER` names
the program, as for test_operations.py.
"""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from test_operations import models, program  # It makes the modules below visible.

from kubernetes_files import COLOURS, KUBERNETES, Replicas, adapter_rule, render  # noqa: E402
from operators_files import CONTAINERFILE, metric_names  # noqa: E402
from programs import Server, environment  # noqa: E402

PATIENCE_SECONDS = 30


class Secrets:
    """A directory in which each Secret's files are links to those of a directory behind another link, `..data`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.versions = 0

    def write(self, mount: str, files: "dict[str, str]") -> None:
        """Puts the files there, all at once."""
        place = self.directory / mount.lstrip("/")
        self.versions += 1
        version = place / f"..{self.versions}"
        version.mkdir(parents=True)
        for name, text in files.items():
            (version / name).write_text(text)
            if not (place / name).is_symlink():
                (place / name).symlink_to(Path("..data") / name)
        new = place / "..data_tmp"
        new.symlink_to(version.name)
        new.rename(place / "..data")


class Pod:
    """What a pod of a colour is given, on this machine."""

    def __init__(self, colour: str, directory: Path) -> None:
        self.replicas = Replicas(colour)
        self.secrets = Secrets(directory)
        self.bin = directory / "bin"
        self.bin.mkdir()
        (self.bin / "grace-server").symlink_to(program().resolve())
        settings = re.findall(r"(?m)^ENV (.*)$", CONTAINERFILE.read_text())
        self.image = dict(re.findall(r"(\w+)=(\S+)", " ".join(settings)))

    def variables(self, container: "dict") -> "dict[str, str]":
        """The image's and the manifest's; paths are those of this machine, and the port is a free one."""
        here = {"GRACE_HOST": "127.0.0.1", "GRACE_MODELS": str(Path(models()[1]).resolve())}
        found = {**self.image, **self.replicas.environment(container)}
        for name, value in found.items():
            if value in self.replicas.mounted_files():
                here[name] = str(self.secrets.directory / value.lstrip("/"))
        return {**found, **here, "GRACE_PORT": "0"}

    def server(self) -> Server:
        def ready(printed: str) -> "str | None":
            found = re.search(r"^grace-server \S+ ready: (https://[^\s,]+),.*$", printed, re.MULTILINE)
            return found and found[1]

        settings = [f"{name}={value}" for name, value in self.variables(self.replicas.server).items()]
        return Server(["env", *settings, str(program())], ready)

    def verify(self, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs what the first container of the pod runs."""
        verifier = self.replicas.verifier
        surroundings = {**environment(), **self.variables(verifier), **variables}
        surroundings["PATH"] = f"{self.bin}:{os.environ['PATH']}"
        return subprocess.run(verifier["command"], env=surroundings, capture_output=True, text=True, timeout=120)


def ask(url: str, key: "str | None" = None) -> "tuple[int, str]":
    """Status and body. Like the kubelet, it takes any certificate."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    trusting = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(request, timeout=30, context=trusting) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@unittest.skipUnless(shutil.which("openssl"), "openssl is not there")
class PodTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name)

    def pod(self, colour: str) -> Pod:
        directory = self.directory / colour
        directory.mkdir()
        pod = Pod(colour, directory)
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=grace.grace.svc", "-keyout", key, "-out", certificate],
            check=True, capture_output=True, timeout=60)
        pod.secrets.write("/etc/grace/tls", {"tls.crt": certificate.read_text(), "tls.key": key.read_text()})
        pod.secrets.write("/etc/grace/keys", {"api-keys": "first\n"})
        return pod

    def test_each_colour_starts_answers_its_probes_and_has_the_checkpoint_of_its_labels(self) -> None:
        for colour in COLOURS:
            with self.subTest(colour=colour):
                pod = self.pod(colour)
                with pod.server() as server:
                    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                        request = pod.replicas.server[probe]["httpGet"]
                        self.assertEqual(request["scheme"].lower(), server.url.partition(":")[0])
                        self.assertEqual(ask(server.url + request["path"])[0], 200, probe)
                    self.assertEqual(ask(f"{server.url}/info")[0], 401)
                    information = json.loads(ask(f"{server.url}/info", "first")[1])
                    labels = pod.replicas.labels
                    self.assertEqual(information["served_model_name"], labels["checkpoint"])
                    self.assertEqual(information["model_sha"][:12], labels["fingerprint"])
                    server.process.send_signal(signal.SIGTERM)
                    self.assertEqual(server.process.wait(timeout=60), 0)

    def test_an_image_with_another_checkpoint_than_the_labels_say_is_refused(self) -> None:
        for colour in COLOURS:
            pod = self.pod(colour)
            labels = pod.replicas.labels
            for variables, starts in (
                ({}, True),
                ({"FINGERPRINT": "0" * 12}, False),
                ({"GRACE_MODEL": "nobody"}, False),
            ):
                with self.subTest(colour=colour, variables=variables):
                    result = pod.verify(**variables)
                    self.assertEqual(result.returncode == 0, starts, result.stderr)
                    expected = f"{labels['checkpoint']}@{labels['fingerprint']}"
                    self.assertIn("nobody" if "GRACE_MODEL" in variables else expected, result.stderr)

    def test_keys_follow_the_secret(self) -> None:
        pod = self.pod("blue")
        with pod.server() as server:
            pod.secrets.write("/etc/grace/keys", {"api-keys": "second\n"})
            end = time.monotonic() + PATIENCE_SECONDS
            while ask(f"{server.url}/info", "second")[0] != 200 and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(ask(f"{server.url}/info", "second")[0], 200)
            self.assertEqual(ask(f"{server.url}/info", "first")[0], 401)

    def test_what_the_autoscaler_stands_on_is_in_a_scrape(self) -> None:
        pod = self.pod("blue")
        (monitor,) = render(KUBERNETES / "monitoring")
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        with pod.server() as server:
            self.assertTrue(server.url.startswith(f"{endpoint['scheme']}:"))
            status, scrape = ask(server.url + endpoint["path"])
        self.assertEqual(status, 200)
        rule = adapter_rule()
        sampled = set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)[{ ]", scrape, re.MULTILINE))
        query = rule["metricsQuery"].replace("<<.GroupBy>>", "pod")
        self.assertEqual(len(metric_names(query)), 2)
        self.assertLessEqual(metric_names(query) | {rule["seriesQuery"].partition("{")[0]}, sampled)


if __name__ == "__main__":
    unittest.main()
