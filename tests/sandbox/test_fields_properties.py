"""Server-side apply and tracking: what holds for every object."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.sandbox.fields import (
    ApplyConflict,
    ApplyError,
    server_side_apply,
    track_update,
)
from kubefedctl.sandbox.fieldsets import from_json, show_path, to_json
from kubefedctl.sandbox.fieldwalks import ABSENT, compare, fields_of, merge, remove_fields
from kubefedctl.sandbox.schemas import Schema, SchemaSet

Object = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "c", "d.e/f"])
SCALARS = st.one_of(st.integers(-3, 3), st.sampled_from(["", "x", "y"]), st.booleans())
DATA = st.dictionaries(NAMES, st.sampled_from(["1", "2", "3"]), max_size=4)
FREE = st.recursive(
    SCALARS, lambda inner: st.dictionaries(NAMES, inner) | st.lists(inner, max_size=3), max_leaves=8
)
PATHS = st.frozensets(
    st.lists(
        st.one_of(
            NAMES.map("f:{}".format),
            st.sampled_from(['k:{"name":"x"}', 'k:{"port":80,"protocol":"TCP"}', 'v:"x"', "v:1"]),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple)
)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["x", "y", "z"])},
        optional={
            "image": st.sampled_from(["1", "2"]),
            "ports": st.lists(
                st.fixed_dictionaries(
                    {"containerPort": st.integers(1, 3)},
                    optional={"protocol": st.sampled_from(["TCP", "UDP"])},
                ),
                max_size=2,
                unique_by=lambda port: (port["containerPort"], port.get("protocol", "TCP")),
            ),
        },
    ),
    max_size=3,
    unique_by=lambda container: container["name"],
)


def config_map(data: Object) -> Object:
    """Return a ConfigMap."""
    metadata = {"name": "it", "namespace": "it"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(containers: list[Object]) -> Object:
    """Return a Deployment."""
    metadata = {"name": "it", "namespace": "it"}
    spec = {"template": {"spec": {"containers": containers}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def schema_of(obj: Object) -> Schema | None:
    """Return the schema of a built-in kind."""
    group, _, version = obj["apiVersion"].rpartition("/")
    return SchemaSet.load().lookup(group, version, obj["kind"])


def apply(
    live: Object | None, applied: Object, manager: str, *, now: str = "T1", force: bool = False
) -> Object:
    """Apply under the object's own schema."""
    return server_side_apply(
        live,
        applied,
        manager=manager,
        force=force,
        schema=schema_of(applied),
        api_version=applied["apiVersion"],
        subresource="",
        now=now,
    )


def owned_by(obj: Object, manager: str) -> Any:
    """Return the fields of a manager, as a set."""
    entries = obj["metadata"].get("managedFields", [])
    found = [entry["fieldsV1"] for entry in entries if entry["manager"] == manager]
    return from_json(found[0]) if found else frozenset()


@given(PATHS)
def test_field_set_written_and_read_is_the_same(paths: frozenset[tuple[str, ...]]) -> None:
    """FieldsV1 keeps every path."""
    assert paths == from_json(json.loads(json.dumps(to_json(paths))))


@given(CONTAINERS)
def test_apply_repeated_changes_nothing(containers: list[Object]) -> None:
    """The second apply of the same object gives the same object, times included."""
    first = apply(None, deployment(containers), "alice", now="T1")
    assert first == apply(first, deployment(containers), "alice", now="T2")


@given(CONTAINERS, CONTAINERS)
def test_apply_of_another_object_leaves_its_fields_alone(
    one: list[Object], two: list[Object]
) -> None:
    """What one manager owns after two applies is what it owns after the second alone."""
    twice = apply(apply(None, deployment(one), "alice"), deployment(two), "alice")
    once = apply(None, deployment(two), "alice")
    assert owned_by(once, "alice") == owned_by(twice, "alice")
    names = {item["name"]: item for item in twice["spec"]["template"]["spec"]["containers"] or []}
    assert {item["name"] for item in two} == set(names)
    for item in two:
        assert item.get("image") == names[item["name"]].get("image")


@given(DATA, DATA, DATA)
def test_apply_never_removes_what_another_applier_owns(
    one: Object, two: Object, three: Object
) -> None:
    """Fields of a second manager survive whatever the first applies, unless it forces them."""
    live = apply(None, config_map(one), "alice")
    live = apply(live, config_map(two), "bob", force=True)
    live = apply(live, config_map(three), "alice", force=True)
    data = live.get("data") or {}
    assert {**two, **three} == data


@given(DATA.filter(bool), DATA.filter(bool))
def test_apply_conflicts_exactly_where_values_differ(one: Object, two: Object) -> None:
    """A conflict is raised for the fields another manager applied with another value."""
    live = apply(None, config_map(one), "alice")
    differing = {f".data.{key}" for key in two if key in one and one[key] != two[key]}
    try:
        apply(live, config_map(two), "bob")
        conflicts = set()
    except ApplyConflict as error:
        conflicts = {conflict.field for conflict in error.conflicts}
    assert differing == conflicts


@given(DATA, DATA)
def test_update_makes_its_manager_own_the_changes(one: Object, two: Object) -> None:
    """After an update each changed field belongs to the updater alone."""
    live = apply(None, config_map({"keep": "1", **one}), "alice")
    wanted = {**live, "data": {"keep": "1", **two}}
    updated = track_update(
        live,
        wanted,
        manager="bob",
        schema=schema_of(live),
        api_version="v1",
        subresource="",
        now="T2",
    )
    changed = {("f:data", f"f:{key}") for key in two if one.get(key) != two[key]}
    assert changed == owned_by(updated, "bob") - {("f:data",)}
    assert not changed & owned_by(updated, "alice")


@given(st.dictionaries(NAMES, FREE), st.dictionaries(NAMES, FREE))
def test_deduced_merge_has_every_applied_field_and_is_idempotent(one: Object, two: Object) -> None:
    """The merged object has all fields of the applied one, and merging again changes nothing."""
    merged = merge(one, two, None)
    assert fields_of(two, None) <= fields_of(merged, None)
    assert merged == merge(merged, two, None)


@given(st.dictionaries(NAMES, FREE))
def test_deduced_object_less_all_its_fields_is_nothing(obj: Object) -> None:
    """Removing every field of an object leaves nothing."""
    assert remove_fields(obj, fields_of(obj, None), None) in (None, {})


@given(st.dictionaries(NAMES, FREE))
def test_compare_with_itself_finds_nothing(obj: Object) -> None:
    """An object does not differ from its copy."""
    found = compare(obj, copy.deepcopy(obj), None)
    assert (set(), set(), set()) == (found.added, found.modified, found.removed)


def test_compare_from_absence_adds_the_parents_too() -> None:
    """A field that comes with its parents makes them added as well."""
    found = compare({}, {"a": {"b": 1}}, None)
    assert {("f:a",), ("f:a", "f:b")} == found.added
    assert merge(ABSENT, {"a": 1}, None) == {"a": 1}


@given(CONTAINERS, CONTAINERS)
def test_apply_leaves_its_arguments_alone(one: list[Object], two: list[Object]) -> None:
    """Neither the live nor the applied object is changed."""
    live = apply(None, deployment(one), "alice")
    applied = deployment(two)
    before = copy.deepcopy((live, applied))
    apply(live, applied, "bob", force=True)
    assert before == (live, applied)


def test_show_path_names_keys_and_values() -> None:
    """Paths read as in the API server's conflicts."""
    path = ("f:spec", 'k:{"name":"a","port":80}', 'v:"x"', "i:3")
    assert show_path(path) == '.spec[name="a",port=80][="x"][3]'


def test_apply_in_another_version_is_refused() -> None:
    """The version of the applied object must be that of the request."""
    with pytest.raises(ApplyError, match="Incorrect version specified in apply patch"):
        server_side_apply(
            None,
            {"apiVersion": "v2", "kind": "ConfigMap"},
            manager="alice",
            force=False,
            schema=None,
            api_version="v1",
            subresource="",
            now="T1",
        )


def test_managers_of_a_vanished_group_are_dropped() -> None:
    """An entry in the version of another group goes with the next write."""
    live = apply(None, config_map({"a": "1"}), "alice")
    live["metadata"]["managedFields"].append(
        {
            "manager": "old",
            "operation": "Update",
            "apiVersion": "extensions/v1beta1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:a": {}}},
        }
    )
    applied = apply(live, config_map({"a": "2"}), "alice")
    assert [entry["manager"] for entry in applied["metadata"]["managedFields"]] == ["alice"]


def test_fields_that_became_atomic_are_owned_as_a_whole() -> None:
    """What was recorded below a field that is atomic now counts for the field."""
    obj = deployment([])
    live = apply(None, {**obj, "spec": {"selector": {"matchLabels": {"a": "b"}}}}, "alice")
    entry = live["metadata"]["managedFields"][0]
    entry["fieldsV1"] = {"f:spec": {"f:selector": {"f:matchLabels": {"f:a": {}}}}}
    with pytest.raises(ApplyConflict, match=r'conflict with "alice": \.spec\.selector$'):
        apply(live, {**obj, "spec": {"selector": {"matchLabels": {"c": "d"}}}}, "bob")
