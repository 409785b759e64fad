"""Tests of versions: when a member object is written again, and what is recorded of it."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.versions import (
    make_version_object,
    merge_versions,
    needs_update,
    object_version,
    recorded_versions,
    version_key,
    version_name,
    version_resource,
)
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.makers import (
    CLUSTER_ROLE,
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    make_federated,
    make_type_config,
)


def _recorded(versions: dict[str, str], *, template: str = "t", overrides: str = "o") -> Object:
    entries = [{"clusterName": name, "version": version} for name, version in versions.items()]
    return {
        "status": {
            "templateVersion": template,
            "overridesVersion": overrides,
            "clusterVersions": entries,
        }
    }


def _merge(
    version_object: Object | None, *, updates: dict[str, str], keep: frozenset[str]
) -> Object | None:
    return merge_versions(
        version_object, template_hash="t", overrides_hash="o", updates=updates, keep=keep
    )


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        pytest.param({"generation": 2, "resourceVersion": "7"}, "gen:2", id="generation"),
        pytest.param({"resourceVersion": "7"}, "rv:7", id="no-generation"),
        pytest.param({"generation": 0, "resourceVersion": "7"}, "rv:7", id="generation-zero"),
    ],
)
def test_object_version_by_generation_or_revision(metadata: Object, expected: str) -> None:
    """The generation counts where there is one."""
    assert expected == object_version({"metadata": metadata})


@pytest.mark.parametrize(
    ("desired", "observed", "recorded", "expected"),
    [
        pytest.param({}, {"generation": 2}, "gen:2", False, id="unchanged"),
        pytest.param({}, {"generation": 3}, "gen:2", True, id="S30-drift-with-generation"),
        pytest.param({}, {"generation": 2}, "", True, id="never-recorded"),
        pytest.param(
            {}, {"generation": 2, "labels": {"a": "b"}}, "gen:2", True, id="S31-label-drift"
        ),
        pytest.param(
            {}, {"generation": 2, "annotations": {"a": "b"}}, "gen:2", True, id="annotation-drift"
        ),
        pytest.param({"name": "x"}, {"name": "y", "generation": 2}, "gen:2", True, id="name"),
        pytest.param(
            {"labels": {}, "annotations": None},
            {"generation": 2},
            "gen:2",
            False,
            id="empty-is-none",
        ),
        pytest.param({}, {"resourceVersion": "8"}, "rv:7", True, id="S32-drift-without-generation"),
        pytest.param(
            {}, {"resourceVersion": "7", "labels": {"a": "b"}}, "rv:7", False, id="rv-says-it-all"
        ),
    ],
)
def test_needs_update_by_version_and_metadata(
    desired: Object, observed: Object, recorded: str, expected: bool
) -> None:
    """An object is written again if its version moved, or its metadata under one generation."""
    actual = needs_update({"metadata": desired}, {"metadata": observed}, recorded)
    assert expected is actual


@pytest.mark.parametrize(
    ("version_object", "expected"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param({}, {}, id="no-status"),
        pytest.param(_recorded({"c1": "gen:1"}), {"c1": "gen:1"}, id="same-hashes"),
        pytest.param(_recorded({"c1": "gen:1"}, template="x"), {}, id="other-template"),
        pytest.param(_recorded({"c1": "gen:1"}, overrides="x"), {}, id="S33-other-overrides"),
    ],
)
def test_recorded_versions_hold_for_their_template_and_overrides(
    version_object: Object | None, expected: dict[str, str]
) -> None:
    """Versions of another template or other overrides do not count."""
    assert expected == recorded_versions(version_object, template_hash="t", overrides_hash="o")


@pytest.mark.parametrize(
    ("target", "key", "expected"),
    [
        pytest.param(
            CONFIG_MAP,
            Key("n", "x"),
            ("PropagatedVersion", Key("n", "configmap-x")),
            id="namespaced",
        ),
        pytest.param(
            NAMESPACE, Key("n", "n"), ("PropagatedVersion", Key("n", "namespace-n")), id="namespace"
        ),
        pytest.param(
            CLUSTER_ROLE,
            Key("", "x"),
            ("ClusterPropagatedVersion", Key("", "clusterrole-x")),
            id="cluster-scoped",
        ),
    ],
)
def test_version_object_address_by_type(
    target: Resource, key: Key, expected: tuple[str, Key]
) -> None:
    """The version object lies beside the federated object and is named for the target kind."""
    federated = make_federated(target=target, key=key)
    resource = version_resource(federated.type_config)
    assert expected == (resource.kind, version_key(federated))


def test_version_name_has_the_lower_case_target_kind() -> None:
    """The name begins with the target kind."""
    expected = "deployment-web"
    assert expected == version_name(make_type_config(DEPLOYMENT), "web")


@pytest.mark.parametrize(
    ("target", "key", "place"),
    [
        pytest.param(CONFIG_MAP, Key("n", "x"), {"namespace": "n"}, id="namespaced"),
        pytest.param(CLUSTER_ROLE, Key("", "x"), {}, id="cluster-scoped"),
    ],
)
def test_make_version_object_is_owned_by_the_federated_object(
    target: Resource, key: Key, place: Object
) -> None:
    """The owner reference lets the host collect the version object with its owner."""
    kind = target.kind
    prefix = "" if target.namespaced else "Cluster"
    expected: dict[str, Any] = {
        "apiVersion": "core.kubefed.io/v1alpha1",
        "kind": f"{prefix}PropagatedVersion",
        "metadata": {
            "name": f"{kind.lower()}-x",
            **place,
            "ownerReferences": [
                {
                    "apiVersion": "types.kubefed.io/v1beta1",
                    "kind": f"Federated{kind}",
                    "name": "x",
                    "uid": "u-1",
                }
            ],
        },
        "status": {"templateVersion": "t"},
    }
    federated = make_federated(target=target, key=key)
    assert expected == make_version_object(federated, {"templateVersion": "t"})


@pytest.mark.parametrize(
    ("version_object", "updates", "keep", "expected"),
    [
        pytest.param(
            None,
            {"c2": "gen:1", "c1": "rv:7"},
            {"c1", "c2"},
            {"c1": "rv:7", "c2": "gen:1"},
            id="first-is-sorted",
        ),
        pytest.param(None, {}, set(), {}, id="first-without-entries"),
        pytest.param(
            _recorded({"c1": "gen:1", "c2": "gen:1"}),
            {"c1": "gen:2"},
            {"c1", "c2"},
            {"c1": "gen:2", "c2": "gen:1"},
            id="one-updated",
        ),
        pytest.param(
            _recorded({"c1": "gen:1", "c2": "gen:1"}),
            {},
            {"c1"},
            {"c1": "gen:1"},
            id="S21-S61-unselected-goes",
        ),
        pytest.param(
            _recorded({"c1": "gen:1", "c2": "gen:1"}),
            {"c2": ""},
            {"c1", "c2"},
            {"c1": "gen:1"},
            id="empty-goes",
        ),
        pytest.param(
            _recorded({"c1": "gen:1", "c2": "gen:1"}, template="old"),
            {"c1": "gen:2"},
            {"c1", "c2"},
            {"c1": "gen:2"},
            id="other-template-drops-entries",
        ),
        pytest.param({}, {}, set(), {}, id="status-never-written"),
    ],
)
def test_merge_versions_of_changed_versions(
    version_object: Object | None,
    updates: dict[str, str],
    keep: set[str],
    expected: dict[str, str],
) -> None:
    """New versions lie over those kept, sorted by cluster, empty ones dropped."""
    status: Object = {"templateVersion": "t", "overridesVersion": "o"}
    if expected:
        status["clusterVersions"] = [
            {"clusterName": name, "version": version} for name, version in expected.items()
        ]
    assert status == _merge(version_object, updates=updates, keep=frozenset(keep))


@pytest.mark.parametrize(
    "updates",
    [
        pytest.param({}, id="nothing-done"),
        pytest.param({"c1": "gen:1"}, id="same-version"),
        pytest.param({"c3": ""}, id="empty-of-unknown"),
    ],
)
def test_merge_versions_of_unchanged_versions_is_none(updates: dict[str, str]) -> None:
    """S29: nothing is written where nothing changed."""
    recorded = _recorded({"c1": "gen:1", "c2": "gen:1"})
    assert _merge(recorded, updates=updates, keep=frozenset({"c1", "c2"})) is None
