"""Tests of the places of manifests: where each is, and what can be none."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.layout import check_cluster_name, lay_out, looks_rendered
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Object
from kubefedctl.model.renderings import Rendering


def make(kind: str = "ConfigMap", name: Any = "web", namespace: str = "shop") -> Object:
    """Return a rendered object."""
    metadata = {"name": name, "labels": {"kubefed.io/managed": "true"}}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def places(*objects: Object, cluster: str = "c1") -> list[str]:
    """Return the places of *objects* in one cluster."""
    return list(lay_out(Rendering({cluster: objects})))


def test_lay_out_has_a_folder_for_each_cluster_and_namespace() -> None:
    """Cluster-scoped objects have one of their own."""
    assert [
        "c1/_cluster/clusterrole.system:reader.yaml",
        "c1/shop/configmap.web.yaml",
    ] == places(make("ClusterRole", "system:reader", ""), make())


@pytest.mark.parametrize(
    "obj",
    [
        make(name="../../../etc/passwd"),
        make(name="a/b"),
        make(name="a\\b"),
        make(name=".."),
        make(name=""),
        make(name="a\x00b"),
        make(name="a\nb"),
        make(name="n" * 250),
        make(namespace=".."),
        make(namespace="../up"),
        make(namespace="_cluster"),
        make(namespace="/abs"),
        make(kind="../Up"),
        make(kind=""),
        make(kind="A.B"),
    ],
    ids=lambda obj: repr((obj["kind"], obj["metadata"]["name"][:9], obj["metadata"]["namespace"])),
)
def test_lay_out_refuses_names_that_are_no_part_of_a_path(obj: Object) -> None:
    """Names come from files of others."""
    with pytest.raises(InputError, match="cannot be a file"):
        places(obj)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "A", "a..b", "-a", "a" * 254, "a\n"]
)
def test_check_cluster_name_refuses_what_is_no_folder(name: str) -> None:
    """Names of clusters come from files and options."""
    with pytest.raises(InputError, match="cannot be a folder"):
        check_cluster_name(name)
    with pytest.raises(InputError, match="cannot be a folder"):
        places(cluster=name)


@pytest.mark.parametrize(
    "others",
    [
        (make("Ingress"), {**make("Ingress"), "apiVersion": "extensions/v1beta1"}),
        (make("ClusterRole", "a", ""), make("ClusterRole", "A", "")),
    ],
    ids=["two groups", "letter case"],
)
def test_lay_out_refuses_two_objects_of_one_file(others: tuple[Object, Object]) -> None:
    """One would be lost, on some machines at least."""
    with pytest.raises(InputError, match="would be one file"):
        places(*others)


@pytest.mark.parametrize(
    ("place", "obj", "expected"),
    [
        ("shop/configmap.web.yaml", make(), True),
        ("shop/configmap.other.yaml", make(), False),
        ("other/configmap.web.yaml", make(), False),
        ("shop/configmap.web.yaml", {**make(), "metadata": {"name": "web"}}, False),
        (
            "shop/configmap.web.yaml",
            {**make(), "metadata": {"name": "web", "namespace": "shop"}},
            False,
        ),
        ("shop/configmap...yaml", make(name=".."), False),
    ],
    ids=["ours", "other name", "other namespace", "no namespace", "no label", "no place"],
)
def test_looks_rendered_wants_place_and_label(place: str, obj: Object, expected: bool) -> None:
    """A file that somebody else put there is never taken for ours."""
    assert expected is looks_rendered(place, obj)
