"""
Regenerate the sandbox's built-in schemas from Kubernetes' own OpenAPI documents.

Usage::

    python tests/sandbox/regenerate_schemas.py OPENAPI_V3_FOLDER

The folder is `api/openapi-spec/v3` of a Kubernetes source tree (the Go module
`k8s.io/kubernetes` at the version wanted: `go mod download -json
k8s.io/kubernetes@v1.34.4` prints where it lies). The v3 documents are read, not
the v2 one, because only they carry the defaults, without which server-side apply
can't tell the keys of two list items (the protocol of a port) apart.

Written is `kubefedctl/sandbox/data/schemas.json`: one definition per line, sorted,
descriptions and everything else that is no structure removed. Two normal forms:
`allOf: [{$ref}]` becomes `$ref` beside its siblings, and Quantity a string of format
`quantity`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Object = dict[str, Any]

OUTPUT = Path(__file__).parents[2] / "kubefedctl" / "sandbox" / "data" / "schemas.json"
PREFIX = "#/components/schemas/"
DOCUMENTS = (
    "api__v1",
    "apis__admissionregistration.k8s.io__v1",
    "apis__apiextensions.k8s.io__v1",
    "apis__apiregistration.k8s.io__v1",
    "apis__apps__v1",
    "apis__authentication.k8s.io__v1",
    "apis__authorization.k8s.io__v1",
    "apis__autoscaling__v1",
    "apis__autoscaling__v2",
    "apis__batch__v1",
    "apis__certificates.k8s.io__v1",
    "apis__coordination.k8s.io__v1",
    "apis__discovery.k8s.io__v1",
    "apis__events.k8s.io__v1",
    "apis__networking.k8s.io__v1",
    "apis__node.k8s.io__v1",
    "apis__policy__v1",
    "apis__rbac.authorization.k8s.io__v1",
    "apis__scheduling.k8s.io__v1",
    "apis__storage.k8s.io__v1",
)
KEPT = frozenset(
    {
        "type",
        "format",
        "required",
        "enum",
        "nullable",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-patch-merge-key",
        "x-kubernetes-patch-strategy",
        "x-kubernetes-preserve-unknown-fields",
    }
)


def compact(node: Object) -> Object:
    """Return *node* without descriptions, in the normal form described above."""
    kept: Object = {key: value for key, value in node.items() if key in KEPT}
    reference = node.get("$ref") or next((part.get("$ref") for part in node.get("allOf", ())), None)
    if reference:
        kept["$ref"] = reference.removeprefix(PREFIX)
    if node.get("default") is not None:
        kept["default"] = node["default"]
    if "properties" in node:
        kept["properties"] = {name: compact(child) for name, child in node["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in node:
            kept[key] = compact(node[key]) if isinstance(node[key], dict) else node[key]
    return kept


def compact_definition(name: str, node: Object, *, groups: set[str]) -> Object:
    """Return the definition *name* in compact form, with the group, version and kind it serves."""
    kept = compact(node)
    if name.endswith(".resource.Quantity"):
        kept = {"type": "string", "format": "quantity"}
    if name.endswith(".intstr.IntOrString"):
        kept = {"type": "string", "format": "int-or-string"}
    kinds = [
        kind
        for kind in node.get("x-kubernetes-group-version-kind", ())
        if f"{kind['group']}/{kind['version']}" in groups
    ]
    if kinds:
        kept["x-kubernetes-group-version-kind"] = kinds
    return kept


def read_definitions(folder: Path) -> dict[str, Object]:
    """Return all definitions of the documents the sandbox serves."""
    groups = {"/v1" if name == "api__v1" else "/".join(name.split("__")[1:]) for name in DOCUMENTS}
    definitions: dict[str, Object] = {}
    for document in DOCUMENTS:
        text = (folder / f"{document}_openapi.json").read_text(encoding="utf-8")
        for name, node in json.loads(text)["components"]["schemas"].items():
            definitions[name] = compact_definition(name, node, groups=groups)
    return definitions


def write_definitions(definitions: dict[str, Object], target: Path) -> None:
    """Write *definitions* as JSON with one definition per line."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(node, sort_keys=True, separators=(',', ':'))}"
        for name, node in sorted(definitions.items())
    ]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_definitions(read_definitions(Path(sys.argv[1])), OUTPUT)
