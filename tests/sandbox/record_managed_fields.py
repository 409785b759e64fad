"""
Record what a real API server makes of managedFields.

Usage::

    python tests/sandbox/record_managed_fields.py https://127.0.0.1:6443 ADMIN_CERT ADMIN_KEY

Runs every sequence of `golden/managed_fields.json` against the server, each in a
namespace of its own, and writes the answers back into the file. To add a sequence,
write its steps there without answers and run this. Steps are a second apart, because
that is the resolution of a timestamp; in the file the times are `T00`, `T01`, ... by
step. `test_fields_golden.py` holds the sandbox to the file.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

Object = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden" / "managed_fields.json"
CONTENT_TYPES = {
    "create": "application/json",
    "update": "application/json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
METHODS = {"create": "POST", "update": "PUT"}
CHANGING = ("uid", "resourceVersion", "creationTimestamp")


class Server:
    """A real API server."""

    def __init__(self, url: str, cert: str, key: str) -> None:
        self._url = url
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._context.load_cert_chain(cert, key)

    def request(self, method: str, path: str, body: Any = None, *, verb: str = "create") -> Object:
        """Return the answer, be it an object or a Status."""
        headers = {"Content-Type": CONTENT_TYPES[verb], "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as answer:
                result: Object = json.load(answer)
        except urllib.error.HTTPError as error:
            result = json.load(error)
        return result


def make_definition(schema: Object) -> Object:
    """Return the CRD of the sequences' custom objects."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def run_sequence(server: Server, sequence: Object, namespace: str) -> Object:
    """Return the sequence with the server's answers; the namespace is `it` in the file."""
    server.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    version, plural = sequence["api_version"], sequence["plural"]
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    base = f"{root}/namespaces/{namespace}/{plural}"
    times: dict[str, str] = {}
    live: Object = {}
    steps = []
    for index, step in enumerate(sequence["steps"]):
        time.sleep(1.2)
        path = base if step["verb"] == "create" else f"{base}/it"
        path += f"/{step['subresource']}" if step["subresource"] else ""
        path += f"?fieldManager={step['manager']}" + ("&force=true" if step["force"] else "")
        method = METHODS.get(step["verb"], "PATCH")
        body = request_body(step, live, namespace)
        answer = server.request(method, path, body, verb=step["verb"])
        if answer.get("kind") != "Status":
            live = answer
        steps.append({**step, "answer": normalized(answer, namespace, times=times, index=index)})
    return {**sequence, "steps": steps}


def request_body(step: Object, live: Object, namespace: str) -> Any:
    """Return what is sent: the step's body in the right namespace and version."""
    body = step["body"]
    if step["verb"] not in ("create", "update", "apply"):
        return body
    metadata = {**body["metadata"], "namespace": namespace}
    if step["verb"] == "update":
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
    return {**body, "metadata": metadata}


def normalized(obj: Object, namespace: str, *, times: dict[str, str], index: int) -> Object:
    """Return *obj* with what differs from run to run made the same."""
    normal: Object = json.loads(json.dumps(obj).replace(namespace, "it"))
    metadata = normal["metadata"]
    for name in CHANGING:
        metadata.pop(name, None)
    for entry in metadata.get("managedFields", ()):
        stamp = entry.get("time")
        if stamp is not None:
            age = datetime.now().astimezone() - datetime.fromisoformat(stamp)
            entry["time"] = times.setdefault(stamp, f"T{index:02}" if age.days < 1 else stamp)
    return normal


def write_golden(document: Object) -> None:
    """Write the file with one step a line."""

    def show(value: Any) -> str:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    lines = []
    for sequence in document["sequences"]:
        head = {key: value for key, value in sequence.items() if key != "steps"}
        steps = ",\n  ".join(show(step) for step in sequence["steps"])
        lines.append(f' {show(head)[:-1]},"steps":[\n  {steps}]}}')
    schema = show(document["widget_schema"])
    text = f'{{"widget_schema":{schema},\n"sequences":[\n' + ",\n".join(lines) + "]}\n"
    GOLDEN.write_text(text, encoding="utf-8")


def main() -> None:
    """Run all sequences, twenty at a time, and write the golden file."""
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    server = Server(*sys.argv[1:])
    document = json.loads(GOLDEN.read_text(encoding="utf-8"))
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    server.request("POST", definitions, make_definition(document["widget_schema"]))
    time.sleep(5)
    run = int(time.time())

    def record(item: tuple[int, Object]) -> Object:
        return run_sequence(server, item[1], f"ssa-{run}-{item[0]}")

    with ThreadPoolExecutor(20) as pool:
        document["sequences"] = list(pool.map(record, enumerate(document["sequences"])))
    write_golden(document)


if __name__ == "__main__":
    main()
