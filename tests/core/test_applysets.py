"""Tests of ApplySets: ids, what a parent says, whose it is, and when it is written."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.applysets import (
    DEFAULT_PLACE,
    GROUP_KINDS,
    ID_LABEL,
    NAMESPACES,
    TOOLING,
    Contents,
    GroupKind,
    contents_of,
    make_id,
    make_parent,
    parse_place,
    read_parent,
    revise_parent,
)
from kubefedctl.errors import InputError, RefusedError
from kubefedctl.model.refs import Key, Object
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT

PLACE = Key("ops", "web")
SOME = contents_of([(DEPLOYMENT, Key("shop", "web")), (CLUSTER_ROLE, Key("", "x"))])


def make(**annotations: Any) -> Object:
    """Return the parent of some objects, with other *annotations*; None takes one away."""
    parent = make_parent(PLACE, SOME, version="1.2.3")
    given = {f"applyset.kubernetes.io/{k.replace('_', '-')}": v for k, v in annotations.items()}
    merged = {**parent["metadata"]["annotations"], **given}
    parent["metadata"]["annotations"] = {k: v for k, v in merged.items() if v is not None}
    parent["metadata"]["resourceVersion"] = "7"
    return parent


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (DEFAULT_PLACE, "applyset-ov9BVsehjqXh6d6rw1kg3f27KKN7HQbPE7uU3UQ-UC4-v1"),
        (Key("default", "ours"), "applyset-l90zWvFLKef9KVBCp5pFbDdmSfyXV3GcHHHbIccLcxc-v1"),
    ],
    ids=["the usual one", "another"],
)
def test_id_is_the_one_that_kubectl_gives_a_config_map(place: Key, expected: str) -> None:
    """kubectl 1.32 wrote these; a label's value has at most 63 characters."""
    assert expected == make_id(place)
    assert len(expected) <= 63


@pytest.mark.parametrize(
    ("text", "expected"),
    [("web", Key("default", "web")), ("ops/web", PLACE), ("a.b", Key("default", "a.b"))],
)
def test_place_is_a_name_in_the_usual_namespace_or_another(text: str, expected: Key) -> None:
    """The namespace comes first, as in every key."""
    assert expected == parse_place(text)


@pytest.mark.parametrize("text", ["", "/", "/web", "ops/", "a/b/c", "Web", "web_1", "../x", "-a"])
def test_place_that_is_none_is_refused(text: str) -> None:
    """It becomes part of a path."""
    with pytest.raises(InputError, match="names no ApplySet"):
        parse_place(text)


def test_parent_says_types_and_namespaces_sorted_and_without_its_own() -> None:
    """In the words of the specification."""
    contents = contents_of([(CONFIG_MAP, PLACE), (DEPLOYMENT, Key("shop", "web"))]) | SOME
    metadata = make_parent(PLACE, contents, version="1.2.3")["metadata"]
    assert {ID_LABEL: make_id(PLACE)} == metadata["labels"]
    assert {
        TOOLING: "kubefedctl/v1.2.3",
        GROUP_KINDS: "ClusterRole.rbac.authorization.k8s.io,ConfigMap,Deployment.apps",
        NAMESPACES: "shop",
    } == metadata["annotations"]


@pytest.mark.parametrize("contents", [Contents(), SOME], ids=["empty", "some"])
def test_parent_is_read_as_it_was_made(contents: Contents) -> None:
    """Its own namespace always counts."""
    found = read_parent(make_parent(PLACE, contents, version="1"), PLACE, cluster="c1")
    assert contents | Contents(namespaces=frozenset({"ops"})) == found


def test_parent_without_namespaces_is_one_of_its_own_namespace() -> None:
    """The annotation is optional."""
    parent = make(additional_namespaces=None, contains_group_kinds="ConfigMap")
    expected = Contents(frozenset({GroupKind("", "ConfigMap")}), frozenset({"ops"}))
    assert expected == read_parent(parent, PLACE, cluster="c1")


@pytest.mark.parametrize(
    ("tooling", "named"),
    [("kubectl/v1.32", "kubectl/v1.32"), (None, "nobody"), ("kubefedctl-x/v1", "kubefedctl-x/v1")],
    ids=["kubectl", "nobody", "a name that begins alike"],
)
def test_parent_of_another_tool_is_refused(tooling: str | None, named: str) -> None:
    """As the specification demands; the hint hands it over."""
    with pytest.raises(RefusedError, match=f"looked after by {named}") as caught:
        read_parent(make(tooling=tooling), PLACE, cluster="c1")
    assert "kubectl annotate configmaps web -n ops --overwrite" in caught.value.hint


@pytest.mark.parametrize("label", [None, make_id(Key("ops", "copy"))], ids=["none", "a copy"])
def test_object_that_is_no_parent_is_refused(label: str | None) -> None:
    """Somebody's ConfigMap of that name, or one that was copied from another namespace."""
    parent = make()
    parent["metadata"]["labels"] = {ID_LABEL: label} if label else {}
    with pytest.raises(RefusedError, match="is no ApplySet"):
        read_parent(parent, PLACE, cluster="c1")


@pytest.mark.parametrize("kinds", [None, "ConfigMap,,Secret", "a/b", "x y", 'K"', "Kind.UPPER"])
def test_parent_that_cannot_be_read_is_an_error(kinds: str | None) -> None:
    """Not an empty set: that would shrink it."""
    with pytest.raises(InputError, match=GROUP_KINDS):
        read_parent(make(contains_group_kinds=kinds), PLACE, cluster="c1")


def test_parent_that_says_so_already_is_not_written() -> None:
    """Whatever release wrote it."""
    assert revise_parent(make(tooling="kubefedctl/v0.0.1"), PLACE, SOME, version="9") is None


def test_parent_is_revised_from_what_was_read() -> None:
    """Somebody else's change meanwhile is a conflict."""
    patch = revise_parent(make(), PLACE, Contents(), version="9")
    expected = {TOOLING: "kubefedctl/v9", GROUP_KINDS: "", NAMESPACES: ""}
    assert {"metadata": {"resourceVersion": "7", "annotations": expected}} == patch
