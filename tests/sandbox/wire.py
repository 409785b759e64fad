"""What tests of the sandbox share: a bare HTTP client and the manifests they send."""

from __future__ import annotations

import json
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from kubefedctl.sandbox.certificates import KeyPair
from kubefedctl.sandbox.clusters import SandboxCluster

Object = dict[str, Any]
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class Client:
    """A client of one cluster: no retries, no cleverness."""

    def __init__(
        self, cluster: SandboxCluster, *, token: str | None = None, pair: KeyPair | None = None
    ) -> None:
        context = ssl.create_default_context(cadata=cluster.ca.decode())
        if pair is not None:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "client.pem"
                path.write_bytes(pair.key + pair.certificate)
                context.load_cert_chain(path)
        self._url = cluster.url
        self._headers = {"User-Agent": "tester/1.0"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._pool = urllib3.PoolManager(ssl_context=context, maxsize=40, retries=False)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return status and body, parsed if it is JSON."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        given = {**self._headers, "Content-Type": kind, **(headers or {})}
        answer = self._pool.request(
            method, self._url + path, body=content, headers=given, timeout=10
        )
        try:
            return answer.status, json.loads(answer.data)
        except ValueError:
            return answer.status, answer.data.decode()

    @contextmanager
    def watch(self, path: str) -> Iterator[Iterator[Object]]:
        """Yield the events of a watch."""
        answer = self._pool.request(
            "GET", self._url + path, headers=self._headers, preload_content=False, timeout=10
        )
        try:
            yield _lines(answer)
        finally:
            answer.close()
            answer.release_conn()

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[Object]:
    buffer = b""
    for chunk in answer.stream(None):
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield json.loads(line)


def config_map(name: str, **data: str) -> Object:
    """Return a ConfigMap."""
    return {"metadata": {"name": name}, "data": data}


def deployment(name: str, *, replicas: int = 3, image: str = "nginx") -> Object:
    """Return a Deployment."""
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def definition(*, status: bool = True) -> Object:
    """Return the CustomResourceDefinition of Widgets."""
    properties = {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1},
                "replicas": {"type": "integer", "default": 2},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }
    paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    ready = ".status.conditions[?(@.type=='Ready')].status"
    version: Object = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        "additionalPrinterColumns": [{"name": "Ready", "type": "string", "jsonPath": ready}],
    }
    if status:
        version["subresources"] = {"status": {}, "scale": paths}
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "widgets.example.com"}, "spec": spec}


def widget(name: str, **spec: Any) -> Object:
    """Return a Widget."""
    head = {"apiVersion": "example.com/v1", "kind": "Widget"}
    return {**head, "metadata": {"name": name}, "spec": spec}
