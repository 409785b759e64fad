"""
The CRDs that `init` installs refuse and fill in what KubeFed's admission webhook did.

Both servers get the tables of the webhook's tests. NB: the sandbox evaluates no CEL, as a server
before Kubernetes 1.25: what only CEL refuses it takes, and the cases say so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kubefedctl.core.configuring import DEFAULT_SPEC
from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.installing import update_object
from kubefedctl.core.structures import copy_object
from kubefedctl.model.objects import name_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import (
    CRDS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    REPLICA_SCHEDULING_PREFERENCES,
    TYPE_CONFIGS,
)
from tests.contract.conftest import TARGETS
from tests.contract.targets import MERGE, Answer, Target
from tests.controlplanes.waiting import await_true
from tests.core.webhook_tables import (
    CLUSTER_CASES,
    CLUSTER_STATUS_CASES,
    CONFIG_CASES,
    NAMESPACE,
    TYPE_CONFIG_CASES,
    TYPE_CONFIG_STATUS_CASES,
    WIDE_SERVICES,
    Case,
    make_good_cluster,
    make_good_config,
    make_good_type_config,
)

TYPE_CONFIG_PATH = TYPE_CONFIGS.path(namespace=NAMESPACE)
CLUSTER_PATH = KUBEFED_CLUSTERS.path(namespace=NAMESPACE)
CONFIG_PATH = KUBEFED_CONFIGS.path(namespace=NAMESPACE)
ON_A_REAL_SERVER = pytest.mark.parametrize("target", TARGETS[1:], indirect=True)
RSP_PATH = REPLICA_SCHEDULING_PREFERENCES.path(namespace=NAMESPACE)


def await_served(target: Target, path: str) -> None:
    """Wait until the server knows the list at *path*."""
    await_true(lambda: target.wire.send("GET", path).status == 200)


def install_crds(target: Target) -> None:
    """Create KubeFed's own CRDs, with nothing that the server has to drop, and wait for them."""
    for crd in make_core_crds():
        answer = target.wire.send("POST", f"{CRDS.path()}?fieldValidation=Strict", body=crd)
        assert 201 == answer.status, answer.body[:2000]
    target.make_namespace(NAMESPACE)
    for path in (TYPE_CONFIG_PATH, CLUSTER_PATH, CONFIG_PATH, RSP_PATH):
        await_served(target, path)


@pytest.fixture
def installed(target: Target) -> Target:
    """One server with KubeFed's CRDs."""
    install_crds(target)
    return target


def judge(target: Target, case: Case, answer: Answer) -> str:
    """Return what is wrong with the answer to *case*; empty if it is as it must be."""
    sees_cel = target.name == "real"
    is_refused = bool(case.field) and (sees_cel or not case.needs_cel)
    told = f"{case.label}: {answer.status} {answer.body[:600]!r}"
    if not is_refused:
        return "" if answer.status in (200, 201) else told
    if answer.status != 422:
        return told
    message = str(answer.parse()["message"])
    return "" if case.field in message else told


def create_all(
    target: Target, path: str, cases: list[Case], make: Callable[[], Object]
) -> list[str]:
    """Return what is wrong with the answers to creating each of *cases*, in a dry run."""
    found = [
        judge(
            target,
            case,
            target.wire.send("POST", f"{path}?dryRun=All", body=case.change(make())),
        )
        for case in cases
    ]
    return [text for text in found if text]


# --- what the webhook refused --------------------------------------------------------------------


def test_cases_of_the_webhook_are_judged_alike(installed: Target) -> None:
    """Each invalid object is a 422 that names its field, each valid one is taken."""
    assert [] == [
        *create_all(installed, TYPE_CONFIG_PATH, TYPE_CONFIG_CASES, make_good_type_config),
        *create_all(installed, CLUSTER_PATH, CLUSTER_CASES, make_good_cluster),
        *create_all(installed, CONFIG_PATH, CONFIG_CASES, make_good_config),
    ]


@pytest.mark.parametrize(
    ("resource", "make", "cases"),
    [
        (TYPE_CONFIGS, make_good_type_config, TYPE_CONFIG_STATUS_CASES),
        (KUBEFED_CLUSTERS, make_good_cluster, CLUSTER_STATUS_CASES),
    ],
    ids=["type-config", "cluster"],
)
def test_status_writes_are_judged_as_the_webhook_did(
    installed: Target,
    resource: Resource,
    make: Callable[[], Object],
    cases: list[Case],
) -> None:
    """A status as KubeFed's controllers write it is taken, another one is refused."""
    created = installed.wire.post(resource.path(namespace=NAMESPACE), make())
    path = f"{resource.path(namespace=NAMESPACE)}/{name_of(created)}/status"
    found = []
    for case in [Case("status", make()["status"]), *cases]:
        body = case.change({**created, "status": make()["status"]})
        answer = installed.wire.send("PUT", f"{path}?dryRun=All", body=body)
        found.append(judge(installed, case, answer))
    assert [] == [text for text in found if text]


@pytest.mark.parametrize(
    ("resource", "make", "status"),
    [
        (
            TYPE_CONFIGS,
            make_good_type_config,
            {"observedGeneration": 0, "propagationController": ""},
        ),
        (KUBEFED_CLUSTERS, make_good_cluster, {"conditions": None}),
    ],
    ids=["type-config", "cluster"],
)
def test_empty_status_of_a_go_client_is_dropped(
    installed: Target, resource: Resource, make: Callable[[], Object], status: Object
) -> None:
    """KubeFed's programs send the zero value of a status with creates and updates."""
    created = installed.wire.post(resource.path(namespace=NAMESPACE), {**make(), "status": status})
    assert "status" not in created
    created["metadata"]["finalizers"] = ["core.kubefed.io/federated-type-config"]
    path = f"{resource.path(namespace=NAMESPACE)}/{name_of(created)}"
    answer = installed.wire.send("PUT", path, body={**created, "status": status})
    assert 200 == answer.status, answer.body


def test_invalid_update_and_patch_are_refused(installed: Target) -> None:
    """What may not be created may not come to be either."""
    installed.wire.post(CLUSTER_PATH, make_good_cluster())
    path = f"{CLUSTER_PATH}/eu-1"
    body = installed.wire.get(path)
    body["spec"]["apiEndpoint"] = "tcp://example.com"
    patch = {"spec": {"secretRef": {"name": "invalid_secretname"}}}
    put = installed.wire.send("PUT", path, body=body)
    patched = installed.wire.send("PATCH", path, body=patch, content_type=MERGE)
    assert (422, 422) == (put.status, patched.status)
    assert "spec.apiEndpoint" in put.parse()["message"]
    assert "spec.secretRef.name" in patched.parse()["message"]


@pytest.mark.parametrize("field", ["totalReplicas", "clusters.*.weight", "clusters.*.minReplicas"])
def test_negative_replicas_of_a_preference_are_refused(installed: Target, field: str) -> None:
    """No cluster can run less than nothing."""

    def make() -> Object:
        return {
            "apiVersion": REPLICA_SCHEDULING_PREFERENCES.api_version,
            "kind": REPLICA_SCHEDULING_PREFERENCES.kind,
            "metadata": {"name": "web", "namespace": NAMESPACE},
            "spec": {
                "targetKind": "FederatedDeployment",
                "totalReplicas": 0,
                "clusters": {"*": {"weight": 0, "minReplicas": 0, "maxReplicas": 0}},
            },
        }

    path = f"spec.{field}"
    cases = [Case(path, 3), Case(path, 0), Case(path, -1, path)]
    assert [] == create_all(installed, RSP_PATH, cases, make)


def test_type_config_of_the_core_group_is_taken(installed: Target) -> None:
    """Its name is the plural alone, and another name is refused by servers with CEL."""
    make = partial(make_good_type_config, WIDE_SERVICES)
    cases = [
        Case("spec.targetType.scope", "Namespaced"),
        Case("metadata.name", "service", "metadata.name", needs_cel=True),
        Case("spec.targetType.group", ""),
    ]
    assert [] == create_all(installed, TYPE_CONFIG_PATH, cases, make)


# --- what the webhook filled in ------------------------------------------------------------------


def with_everything(spec: Object) -> Object:
    """Return *spec* with KubeFed's defaults for whole sections."""
    return copy_object({**DEFAULT_SPEC, **spec})


@pytest.mark.parametrize(
    "spec",
    [
        {"scope": "Cluster"},
        {"scope": "Namespaced", "leaderElect": {}, "syncController": {}, "featureGates": None},
    ],
    ids=["nothing", "empty-sections"],
)
def test_config_with_gaps_comes_back_filled(installed: Target, spec: Object) -> None:
    """Whatever is left out has KubeFed's default."""
    body = {**make_good_config(), "spec": spec}
    answer = installed.wire.post(CONFIG_PATH, body)
    assert with_everything({"scope": spec["scope"]}) == answer["spec"]


def test_config_keeps_what_a_user_set(installed: Target) -> None:
    """Defaults fill the gaps within a section; a list of gates stays the list that was given."""
    spec: dict[str, Any] = {
        "scope": "Cluster",
        "controllerDuration": {"availableDelay": "9s"},
        "featureGates": [{"name": "SchedulerPreferences", "configuration": "Disabled"}],
        "clusterHealthCheck": {"failureThreshold": 9},
    }
    answer = installed.wire.post(CONFIG_PATH, {**make_good_config(), "spec": spec})
    expected = with_everything(spec)
    expected["controllerDuration"] = {
        **DEFAULT_SPEC["controllerDuration"],
        "availableDelay": "9s",
    }
    expected["clusterHealthCheck"] = {**DEFAULT_SPEC["clusterHealthCheck"], "failureThreshold": 9}
    assert expected == answer["spec"]


@ON_A_REAL_SERVER
def test_scope_of_a_config_cannot_be_changed(installed: Target) -> None:
    """It can be written as it was, and not otherwise."""
    installed.wire.post(CONFIG_PATH, make_good_config())
    path = f"{CONFIG_PATH}/kubefed"
    patch: Object = {"spec": {"scope": "Namespaced"}}
    refused = installed.wire.send("PATCH", path, body=patch, content_type=MERGE)
    assert 422 == refused.status
    assert "spec.scope" in refused.parse()["message"]
    assert "cannot be changed" in refused.parse()["message"]
    patch = {"spec": {"scope": "Cluster", "clusterHealthCheck": {"period": "7s"}}}
    taken = installed.wire.send("PATCH", path, body=patch, content_type=MERGE)
    assert (200, "7s") == (taken.status, taken.parse()["spec"]["clusterHealthCheck"]["period"])


# --- older hosts ---------------------------------------------------------------------------------


def loosen(schema: Any) -> Any:
    """Return a CRD's *schema* as KubeFed 0.10 has it: types and required fields."""
    if isinstance(schema, list):
        return [loosen(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    checks = {"maxLength", "pattern", "enum", "minimum", "maxItems", "anyOf", "default"}
    return {
        key: loosen(value)
        for key, value in schema.items()
        if key not in checks
        and key not in ("x-kubernetes-validations",)
        and not key.startswith("x-kubernetes-list-")
    }


def make_old_crds() -> list[Object]:
    """Return KubeFed's CRDs without their checks and defaults."""
    crds = [copy_object(crd) for crd in make_core_crds()]
    for crd in crds:
        for version in crd["spec"]["versions"]:
            version["schema"] = loosen(version["schema"])
    return crds


def upgrade(target: Target) -> None:
    """Bring every CRD up to date as `init` does, and wait until the new ones count."""
    for crd in make_core_crds():
        key = Key("", name_of(crd))
        updated = update_object(target.cluster.get(CRDS, key), crd)
        if updated is not None:
            target.cluster.update(CRDS, updated)
        assert update_object(target.cluster.get(CRDS, key), crd) is None, key
    bad = {**make_good_config("probe"), "spec": {"scope": "neither"}}
    await_true(
        lambda: target.wire.send("POST", f"{CONFIG_PATH}?dryRun=All", body=bad).status == 422
    )
    worse = Case("spec.apiEndpoint", "").change(make_good_cluster("probe"))
    await_true(
        lambda: target.wire.send("POST", f"{CLUSTER_PATH}?dryRun=All", body=worse).status == 422
    )


@pytest.fixture
def older(target: Target) -> Target:
    """A server with KubeFed's CRDs as its chart installs them, and with objects of before."""
    for crd in make_old_crds():
        target.wire.post(CRDS.path(), crd)
    target.make_namespace(NAMESPACE)
    for path in (TYPE_CONFIG_PATH, CLUSTER_PATH, CONFIG_PATH):
        await_served(target, path)
    target.wire.post(CONFIG_PATH, {**make_good_config(), "spec": {"scope": "Cluster"}})
    bad = Case("spec.apiEndpoint", "tcp://example.com").change(make_good_cluster())
    target.wire.post(CLUSTER_PATH, bad)
    return target


def test_upgraded_crds_fill_the_config_that_stood_there(older: Target) -> None:
    """
    A KubeFedConfig of before has every default with its next write, and on reading already.

    NB: the sandbox fills in at writes only.
    """
    upgrade(older)
    path = f"{CONFIG_PATH}/kubefed"
    body = older.wire.get(path)
    if older.name == "real":
        assert with_everything({"scope": "Cluster"}) == body["spec"]
    answer = older.wire.send("PUT", path, body=body)
    assert (200, with_everything({"scope": "Cluster"})) == (answer.status, answer.parse()["spec"])


@ON_A_REAL_SERVER
def test_upgraded_crds_let_a_bad_cluster_be_labelled_and_mended(older: Target) -> None:
    """A server that knows ratcheting takes writes that leave the bad field alone."""
    upgrade(older)
    path = f"{CLUSTER_PATH}/eu-1"
    patch: Object = {"metadata": {"labels": {"region": "eu"}, "finalizers": ["a.b/c"]}}
    answer = older.wire.send("PATCH", path, body=patch, content_type=MERGE)
    assert 200 == answer.status, answer.body
    body = {**older.wire.get(path), "status": make_good_cluster()["status"]}
    assert 200 == older.wire.send("PUT", f"{path}/status", body=body).status
    patch = {"spec": {"apiEndpoint": "ftp://example.com"}}
    assert 422 == older.wire.send("PATCH", path, body=patch, content_type=MERGE).status
    patch = {"metadata": {"finalizers": None}, "spec": {"apiEndpoint": "https://example.com"}}
    assert 200 == older.wire.send("PATCH", path, body=patch, content_type=MERGE).status
