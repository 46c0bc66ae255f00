"""Where the operators' files are, and what is in them."""

import json
import re
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "Deploy"
UNIT = DEPLOY / "systemd" / "grace-server.service"
HAPROXY = DEPLOY / "haproxy" / "haproxy.cfg"
CONTAINERFILE = DEPLOY / "container" / "Containerfile"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"


def rule_expressions() -> "dict[str, str]":
    """The expression of each rule, by the rule's name.

    Read without a library for YAML: each rule begins with its name, and `expr` is one line, or those after `>-`.
    """
    expressions = {}
    text = (PROMETHEUS / "rules.yml").read_text()
    for rule in re.split(r"(?m)^      - (?=(?:record|alert): )", text)[1:]:
        name = re.match(r"(?:record|alert): (\S+)\n", rule)
        expression = re.search(r"(?m)^        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)", rule)
        assert name and expression, rule
        expressions[name[1]] = " ".join((expression[1] or expression[2]).split())
    return expressions


def alert_names() -> "set[str]":
    return {name for name in rule_expressions() if not name.startswith("grace:")}


def panels() -> "list[dict]":
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard_expressions() -> "list[str]":
    """What the panels ask, with a value in place of each variable, as Prometheus gets to see it."""
    values = {"$job": "grace", "$instance": ".*", "$__rate_interval": "1m"}
    expressions = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    for name, value in values.items():
        expressions = [expression.replace(name, value) for expression in expressions]
    return expressions


def metric_names(expression: str) -> "set[str]":
    """The metrics of an expression of PromQL: names that are no label, function or keyword."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"", " ", expression)
    bare = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    names = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w|\s*\()", bare)
    return {name for name in names if name not in ("unless", "and", "or", "bool")}
