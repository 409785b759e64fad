"""
The steps that make a body into the object that is stored: metadata, defaults, ownership, checks.

What belongs here: what is the same for every kind. What does not: order of verbs (`registry`).

Upstream: apiserver/pkg/registry/rest/{create,update,meta}.go,
plugin/pkg/admission/namespace/lifecycle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubefedctl.sandbox import decoding, fields
from kubefedctl.sandbox.kinds.rules import FIRST_STATUS
from kubefedctl.sandbox.names import check_metadata
from kubefedctl.sandbox.objects import Object, clone, is_deleting, meta, name_of, namespace_of
from kubefedctl.sandbox.options import WriteOptions
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import (
    ApiError,
    bad_request,
    cause,
    conflict,
    forbidden,
    invalid,
    invalid_value,
    make_status,
    not_found,
    required,
)

if TYPE_CHECKING:
    from kubefedctl.sandbox.registry import Registry

_FROZEN = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
_SYSTEM_FIELDS = (*_FROZEN, "selfLink", "generation", "resourceVersion")


def place(resource: Resource, obj: Object, *, namespace: str) -> None:
    """Give a new object the namespace of the request, or refuse another one."""
    metadata = obj["metadata"]
    given = metadata.get("namespace") or ""
    if not resource.namespaced:
        if given:
            raise bad_request("namespace not allowed on this type")
        metadata.pop("namespace", None)
        return
    if given and given != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    metadata["namespace"] = namespace


def check_address(resource: Resource, obj: Object, *, namespace: str, name: str) -> None:
    """Check that an object is the one at the address it was sent to, and fill in the namespace."""
    place(resource, obj, namespace=namespace)
    given = name_of(obj)
    if not given:
        raise bad_request(
            f"the name of the object ({name} based on URL) was undeterminable: name must be "
            "provided"
        )
    if given != name:
        raise bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({name})"
        )


def check_version(resource: Resource, new: Object, old: Object) -> None:
    """Refuse an update that was made from an older state, or of another object of that name."""
    version = meta(new).get("resourceVersion")
    uid = meta(new).get("uid")
    if uid and uid != meta(old).get("uid"):
        text = (
            f"StorageError: invalid object, Code: 4, Key: /registry/{resource.plural}/"
            f"{namespace_of(old)}{'/' if resource.namespaced else ''}{name_of(old)}, "
            f"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: "
            f"{uid}, UID in object meta: {meta(old).get('uid')}"
        )
        raise conflict(resource, name_of(old), message=text)
    if not version or version == "0":
        if not resource.unconditional_update:
            text = "must be specified for an update"
            custom = resource.custom
            problem = cause(
                "FieldValueInvalid", "metadata.resourceVersion",
                message=f"Invalid value: {'0' if custom else '0x0'}: {text}",
            )  # fmt: skip
            # NB: upstream names the plural here for custom resources, though nowhere else.
            named = replace(resource, kind=resource.plural) if custom else resource
            raise invalid(named, name_of(old), causes=[problem])
        return
    if not str(version).isdigit():
        text = "strconv.ParseUint: parsing " + f'"{version}": invalid syntax'
        raise invalid(
            resource,
            name_of(old),
            causes=[invalid_value("metadata.resourceVersion", version, message=text)],
        )
    if version != meta(old)["resourceVersion"]:
        raise conflict(resource, name_of(old))


def _admit_namespace(registry: Registry, resource: Resource, namespace: str, name: str) -> None:
    """Upstream: plugin/pkg/admission/namespace/lifecycle/admission.go."""
    if not resource.namespaced:
        return
    holder = registry.resource_of(("", "namespaces"))
    found = registry.find(holder, "", namespace)
    if found is None:
        raise not_found(holder, namespace)
    if is_deleting(found):
        problem = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        text = (
            f"unable to create new content in namespace {namespace} because it is being terminated"
        )
        raise forbidden(resource, name, message=text, causes=[problem])


def prepare_new(
    registry: Registry, resource: Resource, obj: Object, *, options: WriteOptions, applied: bool
) -> Object:
    """Return the object to store for a new one; *obj* may be changed."""
    metadata = obj["metadata"]
    if metadata.get("resourceVersion"):
        text = "resourceVersion should not be set on objects to be created"
        raise ApiError(make_status(500, "", message=text))
    for key in _SYSTEM_FIELDS:
        metadata.pop(key, None)
    metadata["uid"] = registry.make_uid()
    metadata["creationTimestamp"] = registry.now()
    if resource.generation or resource.custom:
        metadata["generation"] = 1
    obj = clone(obj)
    if resource.has_status and resource.key != ("", "nodes"):
        obj.pop("status", None)
        if not resource.custom:
            obj["status"] = dict(FIRST_STATUS.get(resource.key, {}))
    name, context = name_of(obj), registry.context(resource, options)
    _admit_namespace(registry, resource, namespace_of(obj), name)
    obj = _default(registry, resource, obj)
    if not applied:
        obj = _track(registry, resource, None, obj, subresource="", options=options)
    obj = _prepare(registry, resource, obj, None, options=options)
    _tidy(obj)
    _check(registry, resource, obj, None)
    rules = registry.rules(resource)
    if rules.admit:
        rules.admit(obj, None, context)
    return obj


def _default(registry: Registry, resource: Resource, obj: Object) -> Object:
    obj = decoding.fill_defaults(registry.schemas, resource, obj)
    rules = registry.rules(resource)
    if rules.default:
        rules.default(obj)
    return obj


def _prepare(
    registry: Registry, resource: Resource, obj: Object, old: Object | None, *,
    options: WriteOptions, subresource: str = "",
) -> Object:  # fmt: skip
    """Fill in what the server chooses. NB: after `_track`, for nobody owns these fields."""
    prepare = registry.rules(resource).prepare
    if prepare is None:
        return obj
    own: Object = clone(obj)
    prepare(own, old, registry.context(resource, options, subresource=subresource))
    return own


def _tidy(obj: Object) -> None:
    """Drop what Go's `omitempty` would not write."""
    metadata = obj["metadata"]
    for key in ("labels", "annotations", "finalizers", "ownerReferences", "managedFields"):
        if key in metadata and not metadata[key]:
            del metadata[key]


def _check(registry: Registry, resource: Resource, obj: Object, old: Object | None) -> None:
    name = name_of(obj)
    if not name:
        causes = [required("metadata.name", "name or generateName is required")]
    else:
        causes = check_metadata(resource, obj)
    if old is not None:
        causes += _check_metadata_change(obj, old)
    rules = registry.rules(resource)
    if rules.validate and not causes:
        causes += rules.validate(obj, old)
    if causes:
        raise invalid(resource, name, causes=causes)
    decoding.check_schema(registry.schemas, resource, obj, name=name)


def _check_metadata_change(obj: Object, old: Object) -> list[Object]:
    """Upstream: apimachinery/pkg/api/validation/objectmeta.go (ValidateObjectMetaUpdate)."""
    if not is_deleting(old):
        return []
    before = set(meta(old).get("finalizers") or ())
    added = [item for item in meta(obj).get("finalizers") or () if item not in before]
    if not added:
        return []
    listed = ", ".join(f'"{item}"' for item in added)
    text = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new "
        f"finalizers []string{{{listed}}}"
    )
    return [cause("FieldValueForbidden", "metadata.finalizers", message=text)]


def prepare_changed(
    registry: Registry, resource: Resource, old: Object, new: Object, *, subresource: str,
    options: WriteOptions, applied: bool,
) -> Object:  # fmt: skip
    """Return the object to store in place of *old*; neither is changed."""
    obj = _separate(resource, clone(new), old, subresource)
    metadata = obj["metadata"]
    for key in (*_SYSTEM_FIELDS, "namespace", "name"):
        metadata.pop(key, None)
        if key in meta(old):
            metadata[key] = meta(old)[key]
    if not metadata.get("generateName") and meta(old).get("generateName"):
        metadata["generateName"] = meta(old)["generateName"]
    obj = _default(registry, resource, obj)
    if not applied:
        obj = _track(registry, resource, old, obj, subresource=subresource, options=options)
    obj = _prepare(registry, resource, obj, old, options=options, subresource=subresource)
    _tidy(obj)
    if subresource != "status" or resource.custom:
        _check(registry, resource, obj, old)
    rules = registry.rules(resource)
    if rules.admit and not subresource:
        rules.admit(obj, old, registry.context(resource, options))
    if _is_new_generation(resource, obj, old):
        obj["metadata"]["generation"] = int(meta(old).get("generation") or 0) + 1
    return obj


def _separate(resource: Resource, obj: Object, old: Object, subresource: str) -> Object:
    """Take the status from one side and the rest from the other, as the address demands."""
    if not resource.has_status:
        return obj
    if subresource == "status":
        if resource.custom:
            kept = {**clone(meta(old)), "managedFields": meta(obj).get("managedFields") or []}
            rest = {key: clone(value) for key, value in old.items() if key != "status"}
            merged = {**rest, "metadata": kept}
        else:
            metadata = {**obj["metadata"], "labels": clone(meta(old).get("labels") or {})}
            merged = {key: clone(value) for key, value in old.items() if key != "status"}
            merged["metadata"] = metadata
        return {**merged, "status": obj["status"]} if "status" in obj else merged
    obj.pop("status", None)
    return {**obj, "status": clone(old["status"])} if "status" in old else obj


def _is_new_generation(resource: Resource, obj: Object, old: Object) -> bool:
    if not (resource.generation or resource.custom):
        return False
    ignored = {"metadata", "apiVersion", "kind"}
    if resource.has_status:
        ignored.add("status")
    return any(obj.get(key) != old.get(key) for key in {*obj, *old} - ignored)


def _track(
    registry: Registry, resource: Resource, old: Object | None, obj: Object, *,
    subresource: str, options: WriteOptions,
) -> Object:  # fmt: skip
    tracked: Object = fields.track_update(
        old,
        obj,
        manager=options.manager,
        schema=registry.schema(resource),
        api_version=resource.api_version,
        subresource=subresource,
        now=registry.now(),
        has_status=resource.has_status,
    )
    return tracked


def is_same(old: Object, new: Object) -> bool:
    """Return whether a write changes nothing but the times in managedFields."""
    if {**old, "metadata": None} != {**new, "metadata": None}:
        return False
    before, after = _timeless(meta(old)), _timeless(meta(new))
    return before == after


def _timeless(metadata: Object) -> dict[str, Any]:
    owners = [{**item, "time": None} for item in metadata.get("managedFields") or ()]
    return {**metadata, "managedFields": owners}
