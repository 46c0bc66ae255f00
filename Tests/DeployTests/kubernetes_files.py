"""The manifests of Deploy/kubernetes, as `kubectl kustomize` renders them."""

import copy
import unittest
from collections.abc import Iterator
from pathlib import Path

try:
    import yaml
except ImportError:
    raise unittest.SkipTest("there is no PyYAML to read manifests with; Deploy/test --all installs it") from None

from operators_files import DEPLOY

KUBERNETES = DEPLOY / "kubernetes"
COLOURS = ("blue", "green")
DIRECTORIES = ("shared", *COLOURS, "monitoring")
NAME = "app.kubernetes.io/name"
# The part of kustomize that the manifests use and `render` knows.
KNOWN = {"apiVersion", "kind", "namespace", "nameSuffix", "resources", "labels", "images"}

Manifest = dict


def documents(path: Path) -> "list[Manifest]":
    return list(yaml.safe_load_all(path.read_text()))


def render(directory: Path) -> "list[Manifest]":
    """What `kubectl apply -k` applies."""
    (settings,) = documents(directory / "kustomization.yaml")
    assert set(settings) <= KNOWN, set(settings) - KNOWN
    manifests: "list[Manifest]" = []
    for entry in settings["resources"]:
        path = directory / entry
        manifests += render(path) if path.is_dir() else documents(path)
    for manifest in manifests:
        if manifest["kind"] != "Namespace":
            transform(manifest, settings)
    return manifests


def transform(manifest: Manifest, settings: "dict") -> None:
    suffix = settings.get("nameSuffix", "")
    manifest["metadata"]["name"] += suffix
    if "namespace" in settings:
        manifest["metadata"]["namespace"] = settings["namespace"]
    if manifest["kind"] == "HorizontalPodAutoscaler":
        manifest["spec"]["scaleTargetRef"]["name"] += suffix
    for labels in settings.get("labels", []):
        assert labels["includeSelectors"]
        for target in (manifest["metadata"]["labels"], *labels_of_pods(manifest)):
            target.update(labels["pairs"])
    for image in settings.get("images", []):
        for container in containers(manifest):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def containers(manifest: Manifest) -> "list[dict]":
    if manifest["kind"] != "Deployment":
        return []
    pod = manifest["spec"]["template"]["spec"]
    return [*pod["initContainers"], *pod["containers"]]


def selectors(manifest: Manifest) -> "Iterator[dict[str, str]]":
    """The labels by which a manifest finds pods."""
    specification = manifest["spec"]
    match manifest["kind"]:
        case "Service":
            yield specification["selector"]
        case "NetworkPolicy":
            yield specification["podSelector"]["matchLabels"]
        case "PodDisruptionBudget" | "PodMonitor":
            yield specification["selector"]["matchLabels"]
        case "Deployment":
            yield specification["selector"]["matchLabels"]
            for constraint in specification["template"]["spec"]["topologySpreadConstraints"]:
                yield constraint["labelSelector"]["matchLabels"]


def labels_of_pods(manifest: Manifest) -> "Iterator[dict[str, str]]":
    yield from selectors(manifest)
    if manifest["kind"] == "Deployment":
        yield manifest["spec"]["template"]["metadata"]["labels"]


class Replicas:
    """The manifests of a colour, and what is in its pods."""

    def __init__(self, colour: str) -> None:
        self.manifests = render(KUBERNETES / colour)
        self.deployment = self.one("Deployment")
        self.pod = self.deployment["spec"]["template"]["spec"]
        self.labels = self.deployment["spec"]["template"]["metadata"]["labels"]
        (self.server,) = self.pod["containers"]
        (self.verifier,) = self.pod["initContainers"]

    def one(self, kind: str) -> Manifest:
        (found,) = [manifest for manifest in self.manifests if manifest["kind"] == kind]
        return found

    def environment(self, container: "dict") -> "dict[str, str]":
        """A container's variables, those of fields looked up as the kubelet does."""
        found = {}
        for variable in container["env"]:
            source = variable.get("valueFrom", {})
            if "fieldRef" in source:
                found[variable["name"]] = self.labels[source["fieldRef"]["fieldPath"].split("'")[1]]
            elif "resourceFieldRef" in source:
                group, resource = source["resourceFieldRef"]["resource"].split(".")
                found[variable["name"]] = container["resources"][group][resource]
            else:
                found[variable["name"]] = variable["value"]
        return found

    def mounted_files(self) -> "dict[str, tuple[str, str]]":
        """Secret and key behind each path in the server's container."""
        secrets = {volume["name"]: volume["secret"] for volume in self.pod["volumes"]}
        return {
            f"{mount['mountPath']}/{item['path']}": (secrets[mount["name"]]["secretName"], item["key"])
            for mount in self.server["volumeMounts"]
            for item in secrets[mount["name"]]["items"]
        }


def matches(selector: "dict[str, str]", labels: "dict[str, str]") -> bool:
    return selector.items() <= labels.items()


def adapter_rule() -> "dict":
    (values,) = documents(KUBERNETES / "monitoring" / "prometheus-adapter.yaml")
    (rule,) = values["rules"]["custom"]
    return copy.deepcopy(rule)
