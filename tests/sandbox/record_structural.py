"""
Record what a real API server makes of custom objects: pruning, defaults, validation.

Usage::

    python tests/sandbox/record_structural.py https://127.0.0.1:6443 ADMIN_CERT ADMIN_KEY

Creates every object of `golden/custom_objects.json` (dry run, with and without strict
field validation) under the schema given there and writes the answers back into the
file. To add an object, write its body there and run this.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.sandbox.record_managed_fields import Server

Object = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden" / "custom_objects.json"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
OBJECTS = "/apis/example.org/v1/namespaces/default/gadgets"


def make_definition(schema: Object) -> Object:
    """Return the CRD of the objects."""
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"kind": "Gadget", "plural": "gadgets"},
            "scope": "Namespaced",
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def record(server: Server, case: Object) -> Object:
    """Return the case with the server's answers."""
    head = {"apiVersion": "example.org/v1", "kind": "Gadget"}
    body = {**head, **case["body"]}
    body["metadata"] = {"name": "it", "namespace": "default", **body.get("metadata", {})}
    query = "?dryRun=All&fieldValidation="
    answer = server.request("POST", OBJECTS + query + "Ignore", body)
    strict = server.request("POST", OBJECTS + query + "Strict", body)
    recorded: Object = {"name": case["name"], "body": case["body"]}
    if answer["kind"] == "Status":
        recorded["causes"] = answer["details"]["causes"]
    else:
        recorded["stored"] = {key: answer[key] for key in answer if key not in ("metadata", *head)}
        recorded["labels"] = answer["metadata"].get("labels")
    refused = strict["kind"] == "Status" and strict["code"] == 400
    recorded["strict"] = strict["message"] if refused else ""
    return recorded


def main() -> None:
    """Record all cases."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    server = Server(*sys.argv[1:])
    document = json.loads(GOLDEN.read_text(encoding="utf-8"))
    server.request("DELETE", f"{DEFINITIONS}/gadgets.example.org")
    time.sleep(2)
    created = server.request("POST", DEFINITIONS, make_definition(document["schema"]))
    if created["kind"] == "Status":
        sys.exit(created["message"])
    time.sleep(5)
    cases = [json.dumps(record(server, case), sort_keys=True) for case in document["cases"]]
    schema = json.dumps(document["schema"], sort_keys=True)
    text = f'{{"schema": {schema},\n"cases": [\n' + ",\n".join(cases) + "]}\n"
    GOLDEN.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
