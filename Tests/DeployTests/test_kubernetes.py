"""The manifests of Deploy/kubernetes, held to each other, and to schemas, kubectl and promtool where those are."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

try:
    import kubernetes_validate
except ImportError:
    kubernetes_validate = None

from kubernetes_files import (
    COLOURS, DIRECTORIES, KUBERNETES, NAME, Replicas,
    adapter_rule, containers, documents, matches, render, selectors,
)
from operators_files import CONTAINERFILE, DEPLOY, rule_expressions

import yaml

# The oldest that has all that is used, and the newest there is.
VERSIONS = ("1.30", "1.37")
# Those of other projects have no schema there.
FOREIGN_KINDS = {"PodMonitor"}
DOCUMENTATION = DEPLOY.parent / "docs" / "kubernetes.md"
# Others, such as Debian's, know less of kustomization.yaml.
LEAST_KUSTOMIZE = 5


def kustomize_version() -> int:
    """That of kubectl's kustomize, without the rest; 0 without one that says it."""
    if shutil.which("kubectl") is None:
        return 0
    said = subprocess.run(
        ["kubectl", "version", "--client", "--output=json"], capture_output=True, text=True, timeout=60).stdout
    found = re.search(r'"kustomizeVersion": "v(\d+)', said)
    return int(found[1]) if found else 0


class RenderedTests(unittest.TestCase):
    @unittest.skipUnless(kubernetes_validate, "kubernetes-validate is not there; Deploy/test --all installs it")
    def test_every_manifest_has_the_form_that_kubernetes_expects(self) -> None:
        for version in VERSIONS:
            for directory in DIRECTORIES:
                for manifest in render(KUBERNETES / directory):
                    if manifest["kind"] not in FOREIGN_KINDS:
                        with self.subTest(version=version, directory=directory, kind=manifest["kind"]):
                            kubernetes_validate.validate(manifest, version, strict=True)

    @unittest.skipUnless(kustomize_version() >= LEAST_KUSTOMIZE, "there is no kubectl of a version that renders them")
    def test_kubectl_renders_what_these_tests_look_at(self) -> None:
        for directory in DIRECTORIES:
            with self.subTest(directory=directory):
                said = subprocess.run(
                    ["kubectl", "kustomize", KUBERNETES / directory], capture_output=True, text=True, timeout=60)
                self.assertEqual(said.returncode, 0, said.stderr)
                key = lambda manifest: (manifest["kind"], manifest["metadata"]["name"])  # noqa: E731
                self.assertEqual(
                    sorted(yaml.safe_load_all(said.stdout), key=key), sorted(render(KUBERNETES / directory), key=key))

    def test_all_are_in_one_namespace_and_every_file_is_used(self) -> None:
        named = set()
        for file in KUBERNETES.rglob("kustomization.yaml"):
            named |= {(file.parent / entry).resolve() for entry in documents(file)[0]["resources"]}
        files = {path for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml"}
        self.assertEqual({path.name for path in files - named}, {"prometheus-adapter.yaml"})
        for directory in DIRECTORIES:
            for manifest in render(KUBERNETES / directory):
                metadata = manifest["metadata"]
                self.assertEqual(metadata["name" if manifest["kind"] == "Namespace" else "namespace"], "grace")


class ColourTests(unittest.TestCase):
    def setUp(self) -> None:
        self.colours = {colour: Replicas(colour) for colour in COLOURS}
        self.pods = {colour: replicas.labels for colour, replicas in self.colours.items()}
        self.shared = {manifest["kind"]: manifest for manifest in render(KUBERNETES / "shared")}
        (self.monitor,) = render(KUBERNETES / "monitoring")

    def selected(self, selector: "dict[str, str]") -> "set[str]":
        return {colour for colour, labels in self.pods.items() if matches(selector, labels)}

    def test_they_differ_in_nothing_but_colour_checkpoint_and_image(self) -> None:
        texts = set()
        for colour, replicas in self.colours.items():
            text = yaml.safe_dump_all(replicas.manifests)
            labels = replicas.labels
            for value in (colour, labels["checkpoint"], labels["fingerprint"], replicas.server["image"]):
                self.assertIn(value, text)
                text = text.replace(value, "…")
            texts.add(text)
        self.assertEqual(len(texts), 1)

    def test_each_selects_its_own_pods_by_checkpoint_and_fingerprint(self) -> None:
        for colour, replicas in self.colours.items():
            found = [selector for manifest in replicas.manifests for selector in selectors(manifest)]
            self.assertEqual(len(found), 5)
            for selector in found:
                self.assertEqual(self.selected(selector), {colour})
                self.assertLessEqual({"checkpoint", "fingerprint"}, set(selector))

    def test_clients_get_the_pods_of_one_colour(self) -> None:
        (selector,) = selectors(self.shared["Service"])
        self.assertEqual(len(self.selected(selector)), 1)

    def test_policy_and_monitor_are_of_both(self) -> None:
        for manifest in (self.shared["NetworkPolicy"], self.monitor):
            (selector,) = selectors(manifest)
            self.assertEqual(self.selected(selector), set(COLOURS))

    def test_pods_speak_to_nobody_and_hear_only_those_who_are_named(self) -> None:
        specification = self.shared["NetworkPolicy"]["spec"]
        self.assertEqual(specification["policyTypes"], ["Ingress", "Egress"])
        self.assertNotIn("egress", specification)
        for rule in specification["ingress"]:
            for peer in rule["from"]:
                self.assertTrue(peer["namespaceSelector"]["matchLabels"])

    def test_labels_are_what_kubernetes_takes(self) -> None:
        for labels in self.pods.values():
            self.assertRegex(labels["fingerprint"], r"^[0-9a-f]{12}$")
            for value in labels.values():
                self.assertRegex(value, r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")

    def test_the_prometheus_job_is_the_one_of_the_rules(self) -> None:
        jobs = {job for text in rule_expressions().values() for job in re.findall(r'job="(\w+)"', text)}
        self.assertEqual({labels[self.monitor["spec"]["jobLabel"]] for labels in self.pods.values()}, jobs)
        self.assertEqual(self.monitor["spec"]["jobLabel"], NAME)


class PodTests(unittest.TestCase):
    def setUp(self) -> None:
        self.replicas = Replicas("blue")
        self.variables = self.replicas.environment(self.replicas.server)

    def test_ports_are_the_images_and_are_found_by_name(self) -> None:
        (port,) = self.replicas.server["ports"]
        exposed = re.search(r"(?m)^EXPOSE (\d+)$", CONTAINERFILE.read_text())
        default = re.search(r"(?m)^# port: (\d+)$", (DEPLOY / "grace-server.yaml").read_text())
        assert exposed and default
        self.assertEqual({port["containerPort"]}, {int(exposed[1]), int(default[1])})
        named = set()
        for directory in DIRECTORIES:
            for manifest in render(KUBERNETES / directory):
                text = json.dumps(manifest)
                named |= set(re.findall(r'"targetPort": "(\w+)"', text))
                if manifest["kind"] in ("NetworkPolicy", "PodMonitor", "Deployment"):
                    named |= set(re.findall(r'"port": "(\w+)"', text))
        self.assertEqual(named, {port["name"]})

    def test_they_may_do_no_more_than_the_namespace_allows(self) -> None:
        found = re.search(r"(?m)^USER (\d+):(\d+)$", CONTAINERFILE.read_text())
        assert found is not None
        user, group = int(found[1]), int(found[2])
        pod = self.replicas.pod["securityContext"]
        self.assertEqual((pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]), (user, group, group))
        self.assertTrue(pod["runAsNonRoot"])
        self.assertEqual(pod["seccompProfile"], {"type": "RuntimeDefault"})
        for container in containers(self.replicas.deployment):
            self.assertEqual(container["securityContext"], {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})

    def test_every_file_that_an_option_names_is_a_key_of_a_secret(self) -> None:
        named = {value for value in self.variables.values() if value.startswith("/")}
        self.assertEqual(named, set(self.replicas.mounted_files()))

    def test_the_documented_commands_make_every_key_that_is_mounted(self) -> None:
        made = set()
        commands = re.findall(r"create secret generic (\S+)((?: --from-file=\S+)+)", DOCUMENTATION.read_text())
        for secret, files in commands:
            made |= {(secret, key) for key in re.findall(r"--from-file=([^=\s]+)", files)}
        (monitor,) = render(KUBERNETES / "monitoring")
        authority = monitor["spec"]["podMetricsEndpoints"][0]["tlsConfig"]["ca"]["secret"]
        self.assertEqual(made, {*self.replicas.mounted_files().values(), (authority["name"], authority["key"])})

    def test_there_is_time_to_finish_what_is_in_flight(self) -> None:
        sleep = self.replicas.server["lifecycle"]["preStop"]["sleep"]["seconds"]
        finish = int(self.variables["GRACE_SHUTDOWN_SECONDS"])
        self.assertGreater(self.replicas.pod["terminationGracePeriodSeconds"], sleep + finish)

    def test_variables_of_services_are_not_taken_for_options(self) -> None:
        self.assertIs(self.replicas.pod["enableServiceLinks"], False)

    def test_memory_is_not_promised_twice(self) -> None:
        for container in containers(self.replicas.deployment):
            resources = container["resources"]
            self.assertEqual(resources["requests"]["memory"], resources["limits"]["memory"])


class AutoscalerTests(unittest.TestCase):
    def test_it_asks_for_the_metric_that_the_adapter_makes(self) -> None:
        for colour in COLOURS:
            replicas = Replicas(colour)
            specification = replicas.one("HorizontalPodAutoscaler")["spec"]
            self.assertEqual(specification["scaleTargetRef"]["name"], replicas.deployment["metadata"]["name"])
            (metric,) = specification["metrics"]
            self.assertEqual(metric["pods"]["metric"]["name"], adapter_rule()["name"]["as"])
            self.assertNotIn("replicas", replicas.deployment["spec"])
            least = replicas.one("PodDisruptionBudget")["spec"]["maxUnavailable"]
            self.assertGreater(specification["minReplicas"], least)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not there")
    def test_the_metric_is_the_mean_wait_and_zero_without_requests(self) -> None:
        query = adapter_rule()["metricsQuery"].replace("<<.LabelMatchers>>", 'namespace="grace",pod=~"a|b"')
        query = query.replace("<<.GroupBy>>", "pod")
        labels = {pod: f'{{namespace="grace",pod="{pod}"}}' for pod in ("a", "b")}
        # Each 15 s: of pod a 10 requests, which waited 30 s together; of pod b none.
        series = [
            {"series": f"te_request_queue_duration_{name}{labels[pod]}", "values": f"0+{step}x40"}
            for pod, name, step in (("a", "sum", 30), ("a", "count", 10), ("b", "sum", 0), ("b", "count", 0))
        ]
        expected = [{"labels": f'{{pod="{pod}"}}', "value": value} for pod, value in (("a", 3), ("b", 0))]
        case = {
            "interval": "15s", "input_series": series,
            "promql_expr_test": [{"expr": query, "eval_time": "5m", "exp_samples": expected}],
        }
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "test.json"  # JSON is YAML.
            file.write_text(json.dumps({"tests": [case]}))
            result = subprocess.run(
                ["promtool", "test", "rules", file], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
