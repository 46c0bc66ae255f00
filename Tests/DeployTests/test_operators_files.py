"""The operators' files of Deploy/, checked by their own tools where those are; Deploy/test --all installs them."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from operators_files import (
    CONTAINERFILE, DASHBOARD, DEPLOY, HAPROXY, PROMETHEUS, UNIT,
    alert_names, dashboard_expressions, metric_names, panels,
)

# 1.2 of 10 as of systemd 252; later versions weigh more settings.
MOST_EXPOSURE = 1.5
WIDTH = 24


def needs(tool: str):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not there")


class ToolTestCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.temporary = Path(temporary.name)

    def check(self, *command: "str | Path", **variables: str) -> str:
        """Runs a tool that must succeed, and returns what it says."""
        result = subprocess.run(
            [str(part) for part in command], env={**os.environ, **variables}, text=True, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout


class UnitTests(ToolTestCase):
    def settings(self) -> "dict[str, str]":
        return dict(re.findall(r"(?m)^(\w+)=(.*)$", UNIT.read_text()))

    @needs("systemd-analyze")
    def test_systemd_finds_no_fault(self) -> None:
        unit = self.temporary / UNIT.name
        # It also looks for the program.
        unit.write_text(UNIT.read_text().replace("/usr/local/bin/grace-server", shutil.which("true") or ""))
        self.assertNotIn(unit.name, self.check("systemd-analyze", "verify", unit))

    @needs("systemd-analyze")
    def test_exposure_is_low(self) -> None:
        said = self.check(
            "systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE * 10:.0f}", UNIT)
        self.assertIn("Overall exposure level", said)

    def test_systemd_waits_longer_than_the_server(self) -> None:
        options = (DEPLOY / "grace-server.yaml").read_text()
        default = re.search(r"(?m)^# shutdown-seconds: (\d+)$", options)
        assert default is not None
        self.assertGreater(int(self.settings()["TimeoutStopSec"]), int(default[1]))

    def test_the_user_of_the_unit_is_made(self) -> None:
        user = self.settings()["User"]
        self.assertRegex((DEPLOY / "systemd" / "grace-server.sysusers").read_text(), rf"(?m)^u {user} -")


class ProxyTests(ToolTestCase):
    @needs("haproxy")
    def test_haproxy_finds_no_fault(self) -> None:
        both = self.temporary / "both.pem"
        key = self.temporary / "key.pem"
        certificate = self.temporary / "certificate.pem"
        self.check(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=localhost", "-keyout", key, "-out", certificate)
        both.write_text(key.read_text() + certificate.read_text())
        clients, replicas = {"GRACE_PROXY_CERTIFICATE": str(both)}, {"GRACE_REPLICA_AUTHORITY": str(certificate)}
        for variables in ({}, clients, replicas, {**clients, **replicas}):
            with self.subTest(variables=sorted(variables)):
                said = self.check("haproxy", "-c", "-f", HAPROXY, **variables)
                for word in ("WARNING", "ALERT", "NOTICE"):
                    self.assertNotIn(word, said)


class ContainerTests(ToolTestCase):
    @needs("hadolint")
    def test_hadolint_finds_no_fault(self) -> None:
        self.check("hadolint", CONTAINERFILE)

    def test_it_runs_as_a_number_and_what_it_copies_is_there(self) -> None:
        text = CONTAINERFILE.read_text()
        self.assertRegex(text, r"(?m)^USER [1-9]\d+:[1-9]\d+$")
        arguments = dict(re.findall(r"(?m)^ARG (\w+)=(\S+)$", text))
        for source in re.findall(r"(?m)^COPY (?!--from)(\S+) ", text):
            path = re.sub(r"\$\{(\w+)\}", lambda name: arguments[name[1]], source)
            self.assertTrue((DEPLOY.parent / path).exists(), path)


class DefaultModelTests(unittest.TestCase):
    def test_all_that_name_the_default_model_name_an_adapter_of_the_repository(self) -> None:
        named = {
            file: re.findall(pattern, (DEPLOY.parent / file).read_text())
            for file, pattern in (
                ("Deploy/lib/common.sh", r"(?m)^readonly default_model=(\S+)$"),
                ("Deploy/fetch-model", r'(?m)^DEFAULT_MODEL = "(.+)"$'),
                ("Deploy/container/Containerfile", r"(?m)^ARG MODEL=(\S+)$"),
                ("Deploy/grace-server.yaml", r"(?m)^# model: (\S+)$"),
                ("Sources/EmbeddingServer/ServerConfiguration.swift", r'static let defaultModel = "(.+)"'),
            )
        }
        names = {name for found in named.values() for name in found}
        self.assertEqual({len(found) for found in named.values()}, {1}, named)
        self.assertEqual(len(names), 1, named)
        self.assertTrue((DEPLOY.parent / "Models" / names.pop() / "adapter_config.json").exists())


class ScriptTests(ToolTestCase):
    @needs("shellcheck")
    def test_shellcheck_finds_no_fault(self) -> None:
        scripts = [path for path in [*DEPLOY.iterdir(), DEPLOY.parent / ".ci" / "run"] if path.is_file()]
        shell = [path for path in scripts if path.read_text().startswith("#!/usr/bin/env bash")]
        self.assertGreater(len(shell), 2)
        self.check("shellcheck", "--external-sources", *shell)


class PrometheusTests(ToolTestCase):
    @needs("promtool")
    def test_promtool_finds_no_fault(self) -> None:
        self.check("promtool", "check", "rules", "--lint=all", "--lint-fatal", PROMETHEUS / "rules.yml")
        self.check("promtool", "check", "config", PROMETHEUS / "prometheus.yml")

    @needs("promtool")
    def test_alerts_are_raised_by_what_they_are_for(self) -> None:
        self.check("promtool", "test", "rules", PROMETHEUS / "rules.test.yml")

    def test_every_alert_is_tested_both_ways(self) -> None:
        tests = (PROMETHEUS / "rules.test.yml").read_text()
        names = alert_names()
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name=name):
                self.assertRegex(tests, rf"(?m)^      - {{eval_time: \w+, alertname: {name}}}$")
                self.assertRegex(tests, rf"alertname: {name}\n        exp_alerts:")


class DashboardTests(ToolTestCase):
    @needs("promtool")
    def test_every_expression_is_promql(self) -> None:
        rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(dashboard_expressions())]
        file = self.temporary / "rules.json"  # JSON is YAML.
        file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
        self.check("promtool", "check", "rules", "--lint=none", file)

    def test_panels_have_their_own_numbers_and_places(self) -> None:
        taken = set()
        for panel in panels():
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], WIDTH, panel["title"])
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells
        numbers = [panel["id"] for panel in panels()]
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_every_panel_asks_the_chosen_data_source(self) -> None:
        variables = json.loads(DASHBOARD.read_text())["templating"]["list"]
        self.assertEqual([variable["name"] for variable in variables], ["datasource", "job", "instance"])
        for panel in panels():
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])
                self.assertTrue(panel["targets"], panel["title"])


class MetricNameTests(unittest.TestCase):
    def test_names_are_told_from_labels_and_functions(self) -> None:
        for expression, expected in (
            ('sum by (job, le) (rate(a_bucket{route=~"x|y"}[5m]))', {"a_bucket"}),
            ("(up == 1) unless on (job) (info == 1)", {"up", "info"}),
            ("histogram_quantile(0.99, sum by (le) (b_bucket)) > 1.1 * c", {"b_bucket", "c"}),
            ("grace:ratio5m > 0.01", {"grace:ratio5m"}),
        ):
            with self.subTest(expression=expression):
                self.assertEqual(metric_names(expression), expected)
