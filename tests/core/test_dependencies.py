"""Tests of finding what a workload names in its namespace."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.dependencies import Dependency, find_dependencies, is_workload
from kubefedctl.model.refs import Object

CLAIM = "PersistentVolumeClaim"


def _pod(**spec: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def _named(obj: Object) -> list[tuple[str, str]]:
    return [(found.kind, found.name) for found in find_dependencies(obj)]


def _env(source: str, **reference: Any) -> Object:
    return {"env": [{"name": "A", "valueFrom": {source: {"key": "k", **reference}}}]}


def _volume(**source: Any) -> Object:
    return {"volumes": [{"name": "v", **source}]}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"serviceAccountName": "sa"}, [("ServiceAccount", "sa")], id="account"),
        pytest.param({"serviceAccount": "sa"}, [("ServiceAccount", "sa")], id="old-account"),
        pytest.param({"serviceAccountName": "default"}, [], id="default-account"),
        pytest.param({"imagePullSecrets": [{"name": "s"}]}, [("Secret", "s")], id="pull-secret"),
        pytest.param({"imagePullSecrets": [{}]}, [], id="pull-secret-without-name"),
        pytest.param(
            {"containers": [_env("secretKeyRef", name="s")]}, [("Secret", "s")], id="env-secret"
        ),
        pytest.param(
            {"containers": [_env("configMapKeyRef", name="c")]},
            [("ConfigMap", "c")],
            id="env-config-map",
        ),
        pytest.param({"containers": [_env("fieldRef", name="c")]}, [], id="env-field"),
        pytest.param(
            {"initContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
            [("Secret", "s")],
            id="init-container",
        ),
        pytest.param(
            {"ephemeralContainers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}]},
            [("ConfigMap", "c")],
            id="ephemeral-container",
        ),
        pytest.param(_volume(configMap={"name": "c"}), [("ConfigMap", "c")], id="config-map"),
        pytest.param(_volume(secret={"secretName": "s"}), [("Secret", "s")], id="secret"),
        pytest.param(_volume(persistentVolumeClaim={"claimName": "d"}), [(CLAIM, "d")], id="claim"),
        pytest.param(
            _volume(
                projected={"sources": [{"secret": {"name": "s"}}, {"configMap": {"name": "c"}}]}
            ),
            [("ConfigMap", "c"), ("Secret", "s")],
            id="projected",
        ),
        pytest.param(
            _volume(csi={"driver": "d", "nodePublishSecretRef": {"name": "s"}}),
            [("Secret", "s")],
            id="csi",
        ),
        pytest.param(_volume(azureFile={"secretName": "s"}), [("Secret", "s")], id="azure"),
        pytest.param(_volume(iscsi={"secretRef": {"name": "s"}}), [("Secret", "s")], id="iscsi"),
        pytest.param(_volume(emptyDir={}), [], id="empty-dir"),
        pytest.param(
            _volume(ephemeral={"volumeClaimTemplate": {"metadata": {"name": "d"}}}),
            [],
            id="ephemeral-claim",
        ),
        pytest.param(_volume(configMap={"name": "kube-root-ca.crt"}), [], id="root-ca"),
        pytest.param({"volumes": "x", "containers": [1], "imagePullSecrets": {}}, [], id="odd"),
    ],
)
def test_find_dependencies_of_a_pod(spec: Object, expected: list[tuple[str, str]]) -> None:
    """Every place of a pod spec that names an object of its namespace."""
    obj = _pod(**spec)
    before = copy.deepcopy(obj)
    assert expected == _named(obj)
    assert before == obj


_TEMPLATE = {"template": {"spec": {"serviceAccountName": "sa"}}}


@pytest.mark.parametrize(
    ("api_version", "kind", "spec"),
    [
        ("v1", "Pod", {"serviceAccountName": "sa"}),
        ("v1", "ReplicationController", _TEMPLATE),
        ("apps/v1", "Deployment", _TEMPLATE),
        ("apps/v1", "StatefulSet", _TEMPLATE),
        ("apps/v1", "DaemonSet", _TEMPLATE),
        ("apps/v1", "ReplicaSet", _TEMPLATE),
        ("batch/v1", "Job", _TEMPLATE),
        ("batch/v1", "CronJob", {"jobTemplate": {"spec": _TEMPLATE}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_find_dependencies_of_each_workload(api_version: str, kind: str, spec: Object) -> None:
    """The pod spec is read where the kind has it."""
    assert is_workload(kind, group=api_version.rpartition("/")[0])
    obj = {"apiVersion": api_version, "kind": kind, "spec": spec}
    assert [("ServiceAccount", "sa")] == _named(obj)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "ConfigMap"), ("example.com/v1", "Deployment")],
    ids=["config-map", "other-group"],
)
def test_find_dependencies_of_what_is_no_workload(api_version: str, kind: str) -> None:
    """Whatever it looks like."""
    assert not is_workload(kind, group=api_version.rpartition("/")[0])
    assert [] == _named({"apiVersion": api_version, "kind": kind, "spec": _TEMPLATE})


@pytest.mark.parametrize(
    ("mentions", "is_optional"),
    [([True], True), ([True, True], True), ([True, False], False), ([False, True], False)],
    ids=["optional", "twice", "then-needed", "needed-first"],
)
def test_find_dependencies_one_mention_that_is_not_optional_counts(
    mentions: list[bool], is_optional: bool
) -> None:
    """It is found once."""
    sources = [{"secretRef": {"name": "s", "optional": each}} for each in mentions]
    found = find_dependencies(_pod(containers=[{"envFrom": sources}]))
    assert (Dependency("Secret", "s", is_optional),) == found


def test_find_dependencies_volume_from_a_claim_template_is_none() -> None:
    """The StatefulSet puts its own claim in the place of such a volume."""
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "old"}},
        {"name": "more", "persistentVolumeClaim": {"claimName": "more"}},
    ]
    spec = {
        "template": {"spec": {"volumes": volumes}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
    }
    assert [(CLAIM, "more")] == _named(
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": spec}
    )


def test_find_dependencies_token_volume_of_a_pod_is_none() -> None:
    """The API server added it."""
    token = {"name": "default-token-abcde", "secret": {"secretName": "default-token-abcde"}}
    assert [] == _named(_pod(volumes=[token]))


def test_find_dependencies_of_a_service_account_are_its_pull_secrets() -> None:
    """Its tokens are good for one cluster only."""
    obj = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "imagePullSecrets": [{"name": "pull"}],
        "secrets": [{"name": "sa-token-abcde"}],
    }
    assert [("Secret", "pull")] == _named(obj)
