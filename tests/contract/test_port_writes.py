"""Writing by the port, asked of both API servers through the program's own access."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.cluster.port import PatchType
from kubefedctl.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, NAMESPACES
from tests.contract.targets import (
    Target,
    make_config_map,
    make_deployment,
)

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
A = Key("shop", "a")
WEB = Key("shop", "web")

# --- one object ----------------------------------------------------------------------------------


def test_create_returns_the_object_as_stored(shop: Target) -> None:
    """A created object has uid, resourceVersion and creationTimestamp."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    assert created == shop.cluster.get(CONFIG_MAPS, A)
    assert {"uid", "resourceVersion", "creationTimestamp"} <= set(created["metadata"])


def test_create_twice_raises_already_exists(shop: Target) -> None:
    """The second create is refused by reason AlreadyExists."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    with pytest.raises(AlreadyExistsError) as caught:
        shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    error = caught.value
    assert (409, "AlreadyExists", 'configmaps "a" already exists') == (
        error.status,
        error.reason,
        error.cause,
    )


def test_create_dry_run_stores_nothing(shop: Target) -> None:
    """A dry run answers with the defaulted object and leaves nothing behind."""
    answer = shop.cluster.create(DEPLOYMENTS, make_deployment(), dry_run=True)
    assert "RollingUpdate" == answer["spec"]["strategy"]["type"]
    with pytest.raises(NotFoundError):
        shop.cluster.get(DEPLOYMENTS, WEB)


def test_update_with_stale_version_raises_conflict(shop: Target) -> None:
    """A replacement of what changed since it was read is refused."""
    stale = shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    shop.cluster.update(CONFIG_MAPS, {**stale, "data": {"x": "1"}})
    with pytest.raises(ConflictError) as caught:
        shop.cluster.update(CONFIG_MAPS, {**stale, "data": {"x": "2"}})
    assert (409, "Conflict") == (caught.value.status, caught.value.reason)
    assert "the object has been modified" in caught.value.cause


def test_update_without_version_replaces(shop: Target) -> None:
    """A replacement that names no resourceVersion wins in any case."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    replaced = shop.cluster.update(CONFIG_MAPS, make_config_map("a", {"y": "2"}))
    assert {"y": "2"} == replaced["data"]


def test_update_dry_run_changes_nothing(shop: Target) -> None:
    """A dry run of a replacement leaves the object as it is."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    shop.cluster.update(CONFIG_MAPS, make_config_map("a", {"y": "2"}), dry_run=True)
    assert created == shop.cluster.get(CONFIG_MAPS, A)


def test_update_without_a_change_keeps_the_version(shop: Target) -> None:
    """Replacing an object by itself, and an empty patch, write nothing."""
    created = shop.cluster.create(DEPLOYMENTS, make_deployment())
    assert created == shop.cluster.update(DEPLOYMENTS, created)
    assert created == shop.cluster.patch(DEPLOYMENTS, WEB, body={"spec": {"replicas": 3}})


def test_patch_merge_removes_what_is_null(shop: Target) -> None:
    """A merge patch sets and removes fields."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1", "y": "2"}))
    patched = shop.cluster.patch(CONFIG_MAPS, A, body={"data": {"x": None, "z": "3"}})
    assert {"y": "2", "z": "3"} == patched["data"]


def test_patch_json_replaces_a_field(shop: Target) -> None:
    """A JSON patch works on paths."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    body = [{"op": "replace", "path": "/data/x", "value": "2"}]
    patched = shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.JSON)
    assert {"x": "2"} == patched["data"]


def test_patch_json_with_failed_test_raises_invalid(shop: Target) -> None:
    """A JSON patch whose test fails changes nothing and is a 422."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    body = [{"op": "test", "path": "/data/x", "value": "2"}]
    with pytest.raises(InvalidError) as caught:
        shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.JSON)
    assert (422, "Invalid") == (caught.value.status, caught.value.reason)
    assert created == shop.cluster.get(CONFIG_MAPS, A)


@pytest.mark.parametrize("resource", [CONFIG_MAPS, DEPLOYMENTS], ids=lambda found: found.plural)
def test_patch_of_nothing_raises_not_found(shop: Target, resource: Resource) -> None:
    """Only an apply creates."""
    with pytest.raises(NotFoundError) as caught:
        shop.cluster.patch(resource, A, body={"metadata": {}})
    assert (404, "NotFound") == (caught.value.status, caught.value.reason)


def test_apply_creates_then_keeps(shop: Target) -> None:
    """An apply creates an object, and the same apply again writes nothing."""
    body = make_config_map("a", {"x": "1"})
    created = shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.APPLY)
    again = shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.APPLY)
    assert created == again
    (entry,) = created["metadata"]["managedFields"]
    assert ("kubefedctl", "Apply", "v1", "FieldsV1") == (
        entry["manager"],
        entry["operation"],
        entry["apiVersion"],
        entry["fieldsType"],
    )
    assert {"f:data": {"f:x": {}}} == entry["fieldsV1"]


def test_apply_removes_what_is_no_longer_applied(shop: Target) -> None:
    """A field that its only applier leaves out goes; others' fields stay."""
    first = make_config_map("a", {"x": "1", "y": "1"})
    shop.cluster.patch(CONFIG_MAPS, A, body=first, patch_type=PatchType.APPLY)
    shop.cluster.patch(CONFIG_MAPS, A, body={"data": {"other": "1"}})
    second = make_config_map("a", {"x": "1"})
    patched = shop.cluster.patch(CONFIG_MAPS, A, body=second, patch_type=PatchType.APPLY)
    assert {"x": "1", "other": "1"} == patched["data"]


def test_apply_of_another_managers_field_needs_force(shop: Target) -> None:
    """Two owners that want different values conflict, until one takes over."""
    path = "/api/v1/namespaces/shop/configmaps/a?fieldManager=other"
    applied = make_config_map("a", {"x": "1"})
    answer = shop.wire.send("PATCH", path, body=applied, content_type=PatchType.APPLY.value)
    assert 201 == answer.status
    body = make_config_map("a", {"x": "2"})
    with pytest.raises(ConflictError) as caught:
        shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.APPLY)
    assert (409, 'Apply failed with 1 conflict: conflict with "other": .data.x') == (
        caught.value.status,
        caught.value.cause,
    )
    forced = shop.cluster.patch(CONFIG_MAPS, A, body=body, patch_type=PatchType.APPLY, force=True)
    managers = [entry["manager"] for entry in forced["metadata"]["managedFields"]]
    assert ({"x": "2"}, ["kubefedctl"]) == (forced["data"], managers)


# --- deletion ------------------------------------------------------------------------------------


def test_delete_answers_with_a_status_where_it_is_gone(shop: Target) -> None:
    """The answer for an object without finalizers is a Status that names it."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    answer = shop.cluster.delete(CONFIG_MAPS, A)
    details = {"name": "a", "kind": "configmaps", "uid": created["metadata"]["uid"]}
    assert ("Status", "Success", details) == (answer["kind"], answer["status"], answer["details"])
    with pytest.raises(NotFoundError):
        shop.cluster.delete(CONFIG_MAPS, A)


def test_delete_answers_with_the_object_where_a_finalizer_holds_it(shop: Target) -> None:
    """A held object is returned with its deletionTimestamp, and goes with its last finalizer."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", finalizers=["example.com/hold"]))
    answer = shop.cluster.delete(CONFIG_MAPS, A)
    assert ("ConfigMap", True) == (answer["kind"], "deletionTimestamp" in answer["metadata"])
    assert 0 == answer["metadata"]["deletionGracePeriodSeconds"]
    shop.cluster.patch(CONFIG_MAPS, A, body={"metadata": {"finalizers": None}})
    with pytest.raises(NotFoundError):
        shop.cluster.get(CONFIG_MAPS, A)


def test_delete_with_wrong_uid_raises_conflict(shop: Target) -> None:
    """A precondition that does not hold keeps the object."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    wrong = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    with pytest.raises(ConflictError) as caught:
        shop.cluster.delete(CONFIG_MAPS, A, options=wrong)
    assert (409, "Conflict") == (caught.value.status, caught.value.reason)
    right = {"preconditions": {"uid": created["metadata"]["uid"]}}
    assert "Success" == shop.cluster.delete(CONFIG_MAPS, A, options=right)["status"]


def test_delete_dry_run_keeps_the_object(shop: Target) -> None:
    """A dry run of a deletion deletes nothing."""
    created = shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    shop.cluster.delete(CONFIG_MAPS, A, dry_run=True)
    assert created == shop.cluster.get(CONFIG_MAPS, A)


# --- failures ------------------------------------------------------------------------------------


def test_create_in_a_missing_namespace_raises_not_found(target: Target) -> None:
    """A namespace that is not there is a 404 about the namespace."""
    with pytest.raises(NotFoundError) as caught:
        target.cluster.create(CONFIG_MAPS, make_config_map("a"))
    assert ("NotFound", 'namespaces "shop" not found') == (caught.value.reason, caught.value.cause)


def test_get_of_a_missing_namespace_raises_not_found(target: Target) -> None:
    """So is a namespace that is asked for itself."""
    with pytest.raises(NotFoundError):
        target.cluster.get(NAMESPACES, Key("", "shop"))


def test_list_of_an_unserved_type_raises_not_found(target: Target) -> None:
    """A resource that is not served is a 404."""
    with pytest.raises(NotFoundError) as caught:
        target.cluster.list(Resource("example.com", "v1", "widgets", "Widget", True))
    assert 404 == caught.value.status


def bad_deployment(**changes: Any) -> Object:
    """Return a Deployment with fields of its spec replaced."""
    body = make_deployment()
    return {**body, "spec": {**body["spec"], **changes}}


@pytest.mark.parametrize(
    ("body", "status", "reason", "words"),
    [
        (bad_deployment(replicas=-1), 422, "Invalid", "spec.replicas: Invalid value: -1"),
        (bad_deployment(selector={}), 422, "Invalid", "spec.selector"),
        (bad_deployment(replicas="x"), 400, "BadRequest", "cannot unmarshal string"),
        ({**make_deployment(), "apiVersion": "apps/v9"}, 400, "BadRequest", "apps/v9"),
        (make_deployment("Upper"), 422, "Invalid", "metadata.name: Invalid value"),
    ],
    ids=["value", "selector", "type", "version", "name"],
)
def test_create_of_a_bad_object_raises_invalid(
    shop: Target, body: Object, status: int, reason: str, words: str
) -> None:
    """400 and 422 say what is wrong, with the API's reason."""
    with pytest.raises(InvalidError) as caught:
        shop.cluster.create(DEPLOYMENTS, body)
    assert (status, reason) == (caught.value.status, caught.value.reason)
    assert words in caught.value.cause


# --- subresources --------------------------------------------------------------------------------


def test_status_of_a_deployment_is_written_apart(shop: Target) -> None:
    """The main resource ignores status, the subresource the rest; generation counts spec."""
    created = shop.cluster.create(DEPLOYMENTS, {**make_deployment(), "status": {"replicas": 9}})
    assert {} == created["status"]
    both: Object = {"spec": {"replicas": 7}, "status": {"replicas": 7}}
    main = shop.cluster.patch(DEPLOYMENTS, WEB, body=both)
    assert (7, {}, 2) == (main["spec"]["replicas"], main["status"], main["metadata"]["generation"])
    both["spec"]["replicas"] = 8
    sub = shop.cluster.patch(DEPLOYMENTS, WEB, body=both, subresource="status")
    assert (7, {"replicas": 7}) == (sub["spec"]["replicas"], sub["status"])
    assert 2 == sub["metadata"]["generation"]
