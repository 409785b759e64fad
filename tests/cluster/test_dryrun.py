"""Tests of a cluster in a server dry run: what it sends, and what it shows afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubefedctl.cluster.dryrun import DryRunCluster
from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.errors import AlreadyExistsError, InvalidError, NotFoundError
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, CRDS, NAMESPACES, SECRETS
from kubefedctl.sandbox.fleet import SandboxFleet

WIDGETS = Resource("example.com", "v1", "widgets", "Widget", True)
WIDGET: Object = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "namespace": "default"},
}


class _Stage:
    """A dry-run cluster over a sandbox, with what it told and recorded."""

    def __init__(self, sandbox: SandboxFleet, fleet: LiveFleet) -> None:
        self.real = sandbox.clusters["a"]
        self.told: list[str] = []
        self.recorded: list[Object] = []
        self.dry = DryRunCluster(fleet.host, record=self.recorded.append, tell=self.told.append)


@pytest.fixture
def stage() -> Iterator[_Stage]:
    """One API server."""
    with SandboxFleet(["a"]) as sandbox, LiveFleet(str(sandbox.kubeconfig)) as fleet:
        yield _Stage(sandbox, fleet)


def _config_map(name: str = "c", namespace: str = "default", **more: Any) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}


def _crd() -> Object:
    version = {"name": "v1", "served": True, "storage": True}
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{**version, "schema": schema}],
        },
    }


def test_created_object_is_seen_and_not_there(stage: _Stage) -> None:
    """get and list show it, the server has none, and it cannot be created twice."""
    stage.dry.create(CONFIG_MAPS, _config_map())
    key = Key("default", "c")
    assert "c" == stage.dry.get(CONFIG_MAPS, key)["metadata"]["name"]
    listed = stage.dry.list(CONFIG_MAPS, namespace="default").items
    assert "c" in [found["metadata"]["name"] for found in listed]
    assert None is stage.real.get("configmaps", "c", namespace="default")
    with pytest.raises(AlreadyExistsError):
        stage.dry.create(CONFIG_MAPS, _config_map())
    assert ["c"] == [found["metadata"]["name"] for found in stage.recorded]


def test_list_shows_created_objects_by_selector_and_namespace(stage: _Stage) -> None:
    """As the server would."""
    stage.dry.create(CONFIG_MAPS, _config_map())
    assert () == stage.dry.list(CONFIG_MAPS, label_selector="a=b").items
    elsewhere = stage.dry.list(CONFIG_MAPS, namespace="kube-public").items
    assert "c" not in [found["metadata"]["name"] for found in elsewhere]


def test_deleted_object_is_gone_and_there(stage: _Stage) -> None:
    """Waiting for its end ends at once; it can be made anew."""
    stage.real.create("configmaps", _config_map(), namespace="default")
    key = Key("default", "c")
    stage.dry.delete(CONFIG_MAPS, key)
    for act in (stage.dry.get, stage.dry.delete):
        with pytest.raises(NotFoundError):
            act(CONFIG_MAPS, key)
    stage.dry.create(CONFIG_MAPS, _config_map(data={"a": "b"}))
    assert {"a": "b"} == stage.dry.get(CONFIG_MAPS, key)["data"]
    assert None is not stage.real.get("configmaps", "c", namespace="default")


def test_patches_add_up(stage: _Stage) -> None:
    """The server knows of neither; a reader sees both."""
    stage.real.create("configmaps", _config_map(), namespace="default")
    key = Key("default", "c")
    stage.dry.patch(CONFIG_MAPS, key, body={"data": {"a": "1"}})
    stage.dry.patch(CONFIG_MAPS, key, body={"data": {"b": "2"}})
    assert {"a": "1", "b": "2"} == stage.dry.get(CONFIG_MAPS, key)["data"]
    real = stage.real.get("configmaps", "c", namespace="default") or {}
    assert "data" not in real


def test_object_in_a_namespace_of_the_dry_run_is_told_as_unchecked(stage: _Stage) -> None:
    """The server would say 404."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    stage.dry.create(NAMESPACES, namespace)
    stage.dry.create(CONFIG_MAPS, _config_map(namespace="new"))
    assert 1 == len(stage.told)
    assert stage.told[0].startswith("ConfigMap/new/c in cluster a is not checked")


def test_object_in_a_namespace_that_nobody_makes_is_refused(stage: _Stage) -> None:
    """The real error."""
    with pytest.raises(NotFoundError):
        stage.dry.create(CONFIG_MAPS, _config_map(namespace="none"))


def test_type_of_the_dry_run_is_established_and_empty(stage: _Stage) -> None:
    """Waiting for the CRD ends at once, and its objects can be listed and made."""
    stage.dry.create(CRDS, _crd())
    conditions = stage.dry.get(CRDS, Key("", "widgets.example.com"))["status"]["conditions"]
    assert {"type": "Established", "status": "True"} in conditions
    assert () == stage.dry.list(WIDGETS).items
    stage.dry.create(WIDGETS, WIDGET)
    assert [WIDGET] == list(stage.dry.list(WIDGETS).items)


def test_token_secret_is_filled_with_what_is_no_token(stage: _Stage) -> None:
    """Waiting for its controller ends at once."""
    metadata: Object = {"name": "t", "namespace": "default"}
    metadata["annotations"] = {"kubernetes.io/service-account.name": "default"}
    kind = "kubernetes.io/service-account-token"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind}
    assert {"token"} == set(stage.dry.create(SECRETS, secret)["data"])


def test_refusal_is_the_servers_own(stage: _Stage) -> None:
    """What validation says is raised, and nothing is remembered."""
    with pytest.raises(InvalidError):
        stage.dry.create(CONFIG_MAPS, _config_map(name="UPPER"))
    assert [] == stage.recorded
