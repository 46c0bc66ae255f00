"""The adapter of the repository: that it is what its grace.json says, and that this says all that it should."""

import hashlib
import json
import math
import re
import struct
import unittest

import scripts
from shipping.factors import read_header

ADAPTER = scripts.ROOT / "Models" / "grace-smollm2-135m"
SCHEMA = json.loads((scripts.ROOT / "docs" / "grace.schema.json").read_text())
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}
UNDERSTOOD = {
    "$schema", "title", "description", "default", "type", "const", "pattern", "minLength", "minimum", "maximum",
    "minItems", "items", "required", "properties", "additionalProperties",
}
LARGEST = 12_000_000  # bytes, of a file that every clone has


def faults(value: object, schema: dict, place: str = "grace.json") -> "list[str]":
    """What is wrong with a value by a schema, of which all keywords in use are known here."""
    unknown = set(schema) - UNDERSTOOD
    assert not unknown, unknown
    kind = TYPES.get(schema.get("type"), object)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
        return [f"{place} is {value!r}, expected {schema['type']}"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{place} is {value!r}, expected {schema['const']!r}")
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or not re.search(schema.get("pattern", ""), value):
            found.append(f"{place} is {value!r}, expected {schema}")
    elif isinstance(value, (int, float)):
        if not schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf):
            found.append(f"{place} is {value}, expected {schema}")
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{place} has {len(value)} items, expected {schema['minItems']}")
        for index, item in enumerate(value):
            found += faults(item, schema.get("items", {}), f"{place}[{index}]")
    elif isinstance(value, dict):
        found += [f"{place} has no {key}" for key in schema.get("required", []) if key not in value]
        others = schema.get("additionalProperties", {})
        for key, member in value.items():
            known = schema.get("properties", {}).get(key, others)
            if known is False:
                found.append(f"{place} has {key}, which is not known")
            elif known is not True:
                found += faults(member, known, f"{place}.{key}")
    return found


class ShippedModelTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.manifest = json.loads((ADAPTER / "grace.json").read_text(encoding="utf-8"))

    def test_grace_json_is_as_its_schema_has_it(self) -> None:
        self.assertEqual(faults(self.manifest, SCHEMA), [])

    def test_the_schema_is_held_to(self) -> None:
        for change in (
            {"version": 2}, {"verison": 1}, {"canaries": [{"text": "", "embedding": [1]}]}, {"files": {"a": "b"}},
            {"generation": {"temperature": -1}}, {"base": {"sha256": "0" * 64}}, {"normalize": 1},
        ):
            with self.subTest(change=change):
                self.assertNotEqual(faults({**self.manifest, **change}, SCHEMA), [])

    def test_the_files_are_those_that_grace_json_lists(self) -> None:
        found = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in ADAPTER.iterdir() if path.name != "grace.json"
        }
        self.assertEqual(found, self.manifest["files"])
        for path in ADAPTER.iterdir():
            self.assertLess(path.stat().st_size, LARGEST, path.name)

    def test_the_base_is_one_that_can_be_fetched(self) -> None:
        name = self.manifest["base"]["name"]
        self.assertRegex(self.manifest["base"]["sha256"], "^[0-9a-f]{64}$")
        self.assertTrue((scripts.ROOT / "Models" / "manifests" / f"{name}.json").exists())
        configuration = json.loads((ADAPTER / "adapter_config.json").read_text())
        self.assertEqual(configuration["base_model_name_or_path"].split("/")[-1], name)

    def test_the_factors_are_finite_numbers_of_16_bits(self) -> None:
        path = ADAPTER / "adapter_model.safetensors"
        content = path.read_bytes()
        tensors, _ = read_header(content, path.name)
        for tensor in tensors:
            self.assertEqual(tensor.dtype, "BF16", tensor.name)
            words = struct.unpack(f"<{(tensor.end - tensor.start) // 2}H", content[tensor.start : tensor.end])
            self.assertFalse(any(word & 0x7F80 == 0x7F80 for word in words), tensor.name)
        self.assertEqual(len(tensors) % 2, 0)

    def test_training_says_method_data_settings_commit_steps_and_results(self) -> None:
        training = self.manifest["training"]
        self.assertEqual(training["base_sha256"], self.manifest["base"]["sha256"])
        self.assertEqual(training["data"]["sha256"], training["data_sha256"])
        self.assertEqual(training["objective"], training["configuration"]["objective"])
        self.assertTrue(training["method"])
        self.assertGreater(training["steps"], 0)
        self.assertRegex(training["commit"], "^[0-9a-f]{7,40}$")
        generation = self.manifest["generation"]
        served = ("greedy" if generation["max_rationale_tokens"] else "none", generation["max_rationale_tokens"])
        modes = [mode for results in training["results"] for mode in results["modes"]]
        self.assertIn(served, [(mode["mode"]["kind"], mode["mode"]["max_rationale_tokens"]) for mode in modes])
        for mode in modes:
            self.assertTrue(mode["tasks"])

    def test_canaries_are_of_what_is_served(self) -> None:
        self.assertEqual(self.manifest["generation"]["temperature"], 0)
        canaries = self.manifest["canaries"]
        self.assertGreaterEqual(len(canaries), 1)
        for canary in canaries:
            self.assertEqual(canary["max_rationale_tokens"], self.manifest["generation"]["max_rationale_tokens"])
            self.assertAlmostEqual(math.hypot(*canary["embedding"]), 1, places=3)
            self.assertGreaterEqual(canary["minimum_cosine"], 0.8)


if __name__ == "__main__":
    unittest.main()
