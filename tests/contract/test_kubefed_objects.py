"""What `init` and `join` write is taken by both servers, to the field."""

from __future__ import annotations

import pytest

from kubefedctl.core.installing import InstallStep, make_control_plane, update_object
from kubefedctl.core.joining import (
    SERVICE_ACCOUNT_TOKEN,
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_roles,
    make_service_account,
    make_token_secret,
)
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import CRDS, KUBEFED_CLUSTERS, NAMESPACES
from tests.contract.targets import Target
from tests.controlplanes.waiting import await_true

NAMES = make_join_names("c2", host_cluster_name="c1")
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def post(target: Target, resource: Resource, body: Object) -> None:
    """Create *body*; a field that the server does not know is an error."""
    path = resource.path(namespace=key_of(body).namespace)
    answer = target.wire.send("POST", f"{path}?fieldValidation=Strict", body=body)
    assert 201 == answer.status, (key_of(body), answer.body[:500])


def install(target: Target, steps: tuple[InstallStep, ...]) -> None:
    """Write what `init` writes, in its order."""
    for step in steps:
        if step.resource in (NAMESPACES, CRDS):
            post(target, step.resource, step.body)

    def are_established() -> bool:
        crds = target.wire.get(CRDS.path())["items"]
        return all(
            ("Established", "True") in [(c["type"], c["status"]) for c in conditions]
            for crd in crds
            for conditions in [(crd.get("status") or {}).get("conditions") or []]
        )

    await_true(are_established)
    for step in steps:
        if step.resource not in (NAMESPACES, CRDS):
            path = step.resource.path()
            await_true(lambda path=path: target.wire.send("GET", path).status == 200)
            post(target, step.resource, step.body)


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_objects_of_init_and_join_are_stored_as_they_are(target: Target, scope: str) -> None:
    """Nothing is refused, pruned or found wrong with a schema."""
    steps = make_control_plane(namespace=NAMES.namespace, scope=scope)
    install(target, steps)
    endpoint = Endpoint("https://127.0.0.1:1", ca_data=b"PEM", insecure=True)
    pairs = [
        make_service_account(NAMES),
        make_token_secret(NAMES),
        *make_roles(NAMES, scope=scope),
        make_host_secret(NAMES, b"token", secret_name="c2-token"),
        make_kubefed_cluster(NAMES, endpoint, secret_name="c2-token"),
    ]
    for resource, body in pairs:
        post(target, resource, body)
    written = [(step.resource, step.body) for step in steps] + pairs
    changed = [
        key_of(body)
        for resource, body in written
        if body.get("type") != SERVICE_ACCOUNT_TOKEN
        and update_object(target.cluster.get(resource, key_of(body)), body)
    ]
    assert [] == changed
    table = target.wire.get(KUBEFED_CLUSTERS.path(namespace=NAMES.namespace), accept=TABLE)
    columns = [(row["name"], row["type"]) for row in table["columnDefinitions"]]
    assert [
        ("Name", "string"),
        ("age", "date"),
        ("ready", "string"),
        ("kubernetes-version", "string"),
    ] == columns
