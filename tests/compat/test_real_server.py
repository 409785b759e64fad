"""What init and join write, given to a real API server by kubectl."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable

import pytest

from kubefedctl.core.installing import InstallStep, make_control_plane, update_object
from kubefedctl.core.joining import (
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_roles,
    make_service_account,
    make_token_secret,
)
from kubefedctl.manifests import dump_documents
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.objects import key_of, list_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import CRDS, NAMESPACES
from tests.controlplanes.fixtures import RealClusters

pytestmark = [
    pytest.mark.real(clusters=1),
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH"),
]
NAMES = make_join_names("c2", host_cluster_name="c1")


def _kubectl(clusters: RealClusters, *arguments: str, text: str = "") -> str:
    answer = subprocess.run(
        ["kubectl", *arguments],
        input=text,
        env=dict(clusters.env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def _write(clusters: RealClusters, bodies: Iterable[Object]) -> None:
    """Create *bodies*; a field that the server does not know is an error."""
    text = dump_documents(bodies)
    _kubectl(clusters, "create", "--validate=strict", "-f", "-", text=text)


def _read(clusters: RealClusters, resource: Resource, body: Object) -> Object:
    key = key_of(body)
    namespace = ["-n", key.namespace] if key.namespace else []
    name = f"{resource.plural}.{resource.version}.{resource.group}"
    found: Object = json.loads(_kubectl(clusters, "get", name, key.name, *namespace, "-o", "json"))
    return found


def _install(clusters: RealClusters, steps: tuple[InstallStep, ...]) -> None:
    _write(clusters, (step.body for step in steps if step.resource in (NAMESPACES, CRDS)))
    _kubectl(clusters, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    _write(clusters, (step.body for step in steps if step.resource not in (NAMESPACES, CRDS)))


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_init_objects_are_stored_as_they_are(real_clusters: RealClusters, scope: str) -> None:
    """The API server accepts every object, finds no fault in a schema, and prunes nothing."""
    steps = make_control_plane(namespace="kube-federation-system", scope=scope)
    _install(real_clusters, steps)
    stored = [(step, _read(real_clusters, step.resource, step.body)) for step in steps]
    changed = [key_of(step.body) for step, body in stored if update_object(body, step.body)]
    faults = [
        condition
        for step, body in stored
        if step.resource == CRDS
        for condition in list_at(body, "status", "conditions")
        if condition["type"] in ("NonStructuralSchema", "KubernetesAPIApprovalPolicyConformant")
    ]
    assert (changed, faults) == ([], [])


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_join_objects_are_accepted(real_clusters: RealClusters, scope: str) -> None:
    """Service account, Secrets, roles and KubeFedCluster are what an API server takes."""
    _install(real_clusters, make_control_plane(namespace=NAMES.namespace, scope=scope))
    endpoint = Endpoint("https://127.0.0.1:1", ca_data=b"PEM", insecure=True)
    pairs = [
        make_service_account(NAMES),
        make_token_secret(NAMES),
        *make_roles(NAMES, scope=scope),
        make_host_secret(NAMES, b"token", secret_name="c2-token"),
        make_kubefed_cluster(NAMES, endpoint, secret_name="c2-token"),
    ]
    _write(real_clusters, (body for _, body in pairs))
    changed = [
        key_of(body)
        for resource, body in pairs
        if body.get("type") != "kubernetes.io/service-account-token"
        and update_object(_read(real_clusters, resource, body), body)
    ]
    assert changed == []
