"""
The two targets of the contract: one embedded API server, or one real control plane.

A case gets a `Target` and can't tell which of the two it is. It asks through the program's own
cluster access (`cluster`, `fleet`) for what the port can do, and through `wire` for what it can't.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.cluster.live import LiveCluster
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CRDS
from tests.controlplanes.waiting import await_true
from tests.e2e.clusters import endpoint_of

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def parse(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def content(self) -> Any:
        """Return the body as JSON where it is that, as text otherwise."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace")


@dataclass(slots=True)
class Wire:
    """Raw requests to one API server over one connection; every answer is given as it came."""

    port: int
    tls: ssl.SSLContext
    headers: Mapping[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPSConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        """Return the answer to one request; *body* may be bytes or what JSON can say."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Accept": accept, "User-Agent": "contract/1", **self.headers}
        if data is not None:
            headers["Content-Type"] = content_type
        try:
            return self._exchange(method, path, data=data, headers=headers)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            return self._exchange(method, path, data=data, headers=headers)

    def get(self, path: str, *, accept: str = JSON) -> Any:
        """Return the JSON of a GET that must succeed."""
        answer = self.send("GET", path, accept=accept)
        assert answer.status == 200, answer.body[:500]
        return answer.parse()

    def post(self, path: str, body: Any) -> Any:
        """Return what a POST that must succeed created."""
        answer = self.send("POST", path, body=body)
        assert answer.status in (200, 201, 202), answer.body[:500]
        return answer.parse()

    def close(self) -> None:
        """Give back the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self, method: str, path: str, *, data: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=30, context=self.tls
            )
        self._connection.request(method, path, body=data, headers=dict(headers))
        answer = self._connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


@dataclass(slots=True)
class Target:
    """One API server under the contract."""

    name: str
    kubeconfig: Path
    fleet: LiveFleet
    wire: Wire
    _others: list[Wire] = field(default_factory=list)

    @property
    def cluster(self) -> LiveCluster:
        """The server through the program's own access, as its administrator."""
        return self.fleet.context("cluster0")

    @property
    def authority(self) -> bytes:
        """The PEM certificate that its clients trust."""
        config = yaml.safe_load(self.kubeconfig.read_text())
        return base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])

    def wire_of(self, token: str) -> Wire:
        """Return raw requests with a bearer token (empty: none), and no client certificate."""
        tls = ssl.create_default_context(cadata=self.authority.decode())
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        wire = Wire(self.wire.port, tls, headers)
        self._others.append(wire)
        return wire

    def make_namespace(self, name: str = "shop") -> str:
        """Create a namespace and return its name."""
        self.wire.post("/api/v1/namespaces", make_object("v1", "Namespace", name))
        return name

    def close(self) -> None:
        """Give back all connections."""
        for wire in (self.wire, *self._others):
            wire.close()
        self.fleet.close()


def open_target(name: str, kubeconfig: Path, *, environ: Mapping[str, str], folder: Path) -> Target:
    """Return the target behind the context `cluster0` of *kubeconfig*."""
    endpoint = endpoint_of(kubeconfig, "cluster0", folder)
    assert endpoint.tls is not None
    fleet = LiveFleet(str(kubeconfig), "cluster0", environ=environ)
    return Target(name, kubeconfig, fleet, Wire(endpoint.port, endpoint.tls))


def establish(target: Target, crd: Object) -> None:
    """Create *crd* and wait until it is served."""
    target.cluster.create(CRDS, crd)
    key = Key("", crd["metadata"]["name"])

    def is_established() -> bool:
        status = target.cluster.get(CRDS, key).get("status") or {}
        conditions = status.get("conditions") or []
        return any((c["type"], c["status"]) == ("Established", "True") for c in conditions)

    await_true(is_established)
    spec = crd["spec"]
    path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
    await_true(lambda: target.wire.send("GET", path).status == 200)


def make_object(api_version: str, kind: str, name: str, **rest: Any) -> Object:
    """Return an object; *rest* is what stands beside its metadata."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **rest}


def make_config_map(name: str, data: Mapping[str, str] | None = None, **metadata: Any) -> Object:
    """Return a ConfigMap of the namespace `shop`."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "data": dict(data or {}),
    }


def make_deployment(name: str = "web", **metadata: Any) -> Object:
    """Return a small Deployment of the namespace `shop`."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", **metadata},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "nginx"}},
            "template": {
                "metadata": {"labels": {"app": "nginx"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
        },
    }


def make_crd(**version: Any) -> Object:
    """
    Return the CRD of Widgets: a default, a pattern, a maximum, a status and printer columns.

    *version* replaces fields of its one version.
    """
    spec = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 10},
            "colour": {"type": "string", "default": "red", "pattern": "^[a-z]+$"},
            "shape": {"type": "string", "enum": ["round", "square"]},
            "parts": {"type": "array", "items": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    status = {"type": "object", "properties": {"phase": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    columns = [
        {"name": "SIZE", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "PHASE", "type": "string", "jsonPath": ".status.phase", "description": "Phase"},
        {"name": "age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": names,
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    **version,
                }
            ],
        },
    }


def make_widget(name: str = "w", **spec: Any) -> Object:
    """Return a Widget of the namespace `shop`."""
    metadata = {"name": name, "namespace": "shop"}
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": metadata,
        "spec": {"size": 3, **spec},
    }
