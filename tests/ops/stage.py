"""A host with its members in memory, set up as `init` and `join` leave them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubefedctl.core.enabling import make_type_config as make_type_config_object
from kubefedctl.core.hashing import hash_overrides, hash_template
from kubefedctl.errors import ClusterError, ConflictError, KubefedctlError, NotFoundError
from kubefedctl.model.events import Event, Result, Step, Warned
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, MANAGED_LABEL, SYNC_FINALIZER
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, Discovery
from kubefedctl.model.wellknown import (
    CRDS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    NAMESPACES,
    SECRETS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.clock import Pace
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet

KNS = DEFAULT_KUBEFED_NAMESPACE
WEB = Key("shop", "web")
NOW = "2026-01-02T03:04:05Z"
AT_ONCE = Pace(0.0, 0.0, 0.0, 0.0, 0.001, 0.001)
FEDERATED_CONFIG_MAPS = make_type_config(CONFIG_MAP).federated
FEDERATED_NAMESPACES = make_type_config(NAMESPACE).federated
EVERYWHERE: Object = {"clusterSelector": {}}
_VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


def error(
    kind: type[ClusterError] = ConflictError, status: int = 409, reason: str = ""
) -> ClusterError:
    """Return what a cluster may answer."""
    return kind(
        act="ask",
        subject="it",
        cluster="c1",
        status=status,
        reason=reason or kind.__name__.removesuffix("Error"),
    )


def not_found() -> ClusterError:
    """Return a 404."""
    return error(NotFoundError, 404)


def place(key: Key) -> Object:
    """Return the metadata of an object that is at *key*."""
    return {"namespace": key.namespace, "name": key.name} if key.namespace else {"name": key.name}


def make_host(
    *,
    members: Sequence[str] = ("c1", "c2"),
    types: Sequence[Resource] = (NAMESPACE, CONFIG_MAP),
    spec: Object | None = None,
    host: MemoryCluster | None = None,
) -> MemoryCluster:
    """Return a host with a KubeFedConfig, type configs, and *members* with their Secrets."""
    host = host or MemoryCluster("host")
    host.add(NAMESPACES, {"metadata": {"name": KNS}})
    usual = {"scope": "Cluster", "clusterHealthCheck": {"failureThreshold": 2}}
    host.add(
        KUBEFED_CONFIGS,
        {"metadata": place(Key(KNS, "kubefed")), "spec": {**usual, **(spec or {})}},
    )
    for target in types:
        add_type_config(host, target)
    for name in members:
        register(host, name)
    return host


def make_fleet(host: MemoryCluster, *members: str) -> MemoryFleet:
    """Return *host* with empty members, `c1` and `c2` if none are named."""
    return MemoryFleet(host, {name: MemoryCluster(name) for name in members or ("c1", "c2")})


def add_type_config(host: MemoryCluster, target: Resource, **spec: Any) -> None:
    """Enable *target* as `enable` does, then set fields of the type config's *spec*."""
    made = make_type_config_object(target)
    made["metadata"]["namespace"] = KNS
    made["spec"].update(spec)
    host.add(TYPE_CONFIGS, made)


def register(host: MemoryCluster, name: str, *, token: str | None = "t0ken", **spec: Any) -> None:
    """Register the member *name*; without a Secret where *token* is None."""
    given = {"apiEndpoint": f"https://{name}.example", "secretRef": {"name": f"{name}-token"}}
    host.add(KUBEFED_CLUSTERS, {"metadata": place(Key(KNS, name)), "spec": {**given, **spec}})
    if token is not None:
        data = {"token": base64.b64encode(token.encode()).decode()}
        key = Key(KNS, f"{name}-token")
        host.add(SECRETS, {"metadata": place(key), "type": "Opaque", "data": data})


def federate(
    host: MemoryCluster,
    key: Key = WEB,
    *,
    target: Resource = CONFIG_MAP,
    spec: Object | None = None,
    **metadata: Any,
) -> Object:
    """Add a federated object, held by the finalizer and placed everywhere, and return it."""
    resource = make_type_config(target).federated
    given: Object = {"template": {}, "placement": EVERYWHERE}
    body = {
        "metadata": {**place(key), "finalizers": [SYNC_FINALIZER], **metadata},
        "spec": {**given, **(spec or {})},
    }
    return host.add(resource, body)


def federate_namespace(host: MemoryCluster, name: str = "shop", **metadata: Any) -> Object:
    """Add a namespace and its FederatedNamespace to the host."""
    host.add(NAMESPACES, {"metadata": {"name": name}})
    return federate(host, Key(name, name), target=NAMESPACE, **metadata)


def managed(key: Key = WEB, *, metadata: Mapping[str, Any] | None = None, **fields: Any) -> Object:
    """Return a labelled object as a member may hold it."""
    labels = {"labels": {MANAGED_LABEL: "true"}}
    return {"metadata": {**place(key), **labels, **(metadata or {})}, **fields}


def hashes(federated: Object) -> Object:
    """Return the fingerprints that the version object of *federated* has."""
    spec = federated["spec"]
    return {
        "templateVersion": hash_template(spec.get("template")),
        "overridesVersion": hash_overrides(spec),
    }


def establish(crd: Object) -> Object:
    """Be the controller that serves a CRD."""
    conditions = [{"type": "Established", "status": "True"}]
    return {**crd, "status": {**crd.get("status", {}), "conditions": conditions}}


def serve_crds(cluster: MemoryCluster) -> MemoryCluster:
    """Let *cluster* serve every CRD at once."""
    cluster.react_to(CRDS, establish)
    return cluster


def issue_token(secret: Object) -> Object:
    """Be the token controller of a member."""
    if secret.get("type") != "kubernetes.io/service-account-token":
        return secret
    data = {"token": base64.b64encode(b"jwt").decode(), "ca.crt": base64.b64encode(b"CA").decode()}
    return {**secret, "data": data}


def served(*resources: Resource, failures: Sequence[str] = ()) -> Discovery:
    """Return the discovery of a cluster that serves *resources*."""
    short = {CONFIG_MAP: ("cm",), DEPLOYMENT: ("deploy",), NAMESPACE: ("ns",)}
    rows = [
        ApiResource(found, found.kind.lower(), short.get(found, ()), _VERBS)
        for found in sorted(resources)
    ]
    return Discovery(tuple(rows), tuple(failures))


def told(events: Iterator[Event]) -> tuple[list[Event], KubefedctlError | None]:
    """Return all events and what the operation ended with."""
    heard: list[Event] = []
    try:
        for event in events:
            heard.append(event)  # noqa: PERF402 - what was heard before the error counts
    except KubefedctlError as failure:
        return heard, failure
    return heard, None


def words(events: Sequence[Event]) -> list[str]:
    """Return results and warnings as one line each: `created ConfigMap/shop/web in c1`."""
    lines = []
    for event in events:
        if isinstance(event, Result):
            parts = [f"{event.verdict} {event.subject} in {event.cluster}", event.reason]
            line = ": ".join(part for part in (*parts, event.detail) if part)
            lines.append(line + " (dry run)" * event.is_dry_run)
        elif isinstance(event, Warned):
            lines.append(f"warning: {event.text}")
    return lines


def steps(events: Sequence[Event]) -> list[str]:
    """Return the texts of all steps."""
    return [event.text for event in events if isinstance(event, Step)]
