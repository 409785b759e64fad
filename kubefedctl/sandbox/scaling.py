"""
The scale subresource: a small object that stands for the replicas of a large one.

Upstream: pkg/registry/apps/*/storage (ScaleREST),
apiextensions-apiserver/pkg/registry/customresource/etcd.go.
"""

from __future__ import annotations

from typing import Any

from kubefedctl.sandbox import patches, writing
from kubefedctl.sandbox.columns import show_selector
from kubefedctl.sandbox.objects import Object, clone, meta, spec_of
from kubefedctl.sandbox.options import WriteOptions
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import bad_request, invalid, invalid_value, unknown_resource

_KEPT = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_SCALE = Resource("autoscaling", "v1", "scales", "Scale")


def _paths(registry: Registry, resource: Resource) -> Object:
    """Return where replicas and selector lie."""
    definition = registry.definition(resource)
    if definition is None:
        return {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    for version in definition["spec"]["versions"]:
        scale = (version.get("subresources") or {}).get("scale")
        if version["name"] == resource.version and scale:
            return dict(scale)
    raise unknown_resource()


def _read(obj: Object, path: str) -> Any:
    value: Any = obj
    for part in path.strip(".").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def get_scale(registry: Registry, resource: Resource, obj: Object) -> Object:
    """Return the Scale of an object."""
    paths = _paths(registry, resource)
    status: Object = {"replicas": _read(obj, paths["statusReplicasPath"]) or 0}
    if resource.custom:
        selector = _read(obj, paths.get("labelSelectorPath") or "-")
        if selector:
            status["selector"] = selector
    elif spec_of(obj).get("selector"):
        status["selector"] = show_selector(obj)
    replicas = _read(obj, paths["specReplicasPath"])
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta(obj)[key] for key in _KEPT if key in meta(obj)},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def put_scale(
    registry: Registry, resource: Resource, name: str, body: Any, *, namespace: str,
    options: WriteOptions,
) -> Object:  # fmt: skip
    """
    Set the replicas of an object and return its new Scale.

    Raises:
        ApiError: 400, 404, 409 or 422.
    """
    with registry.transaction():
        old = registry.get(resource, namespace, name)
        if not isinstance(body, dict) or body.get("kind", "Scale") != "Scale":
            raise bad_request("a Scale is expected here")
        if meta(body).get("resourceVersion"):
            writing.check_version(resource, body, old)
        replicas = spec_of(body).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            text = "must be greater than or equal to 0"
            causes = [invalid_value("spec.replicas", replicas, message=text)]
            raise invalid(_SCALE, name, causes=causes)
        new = clone(old)
        *parents, last = _paths(registry, resource)["specReplicasPath"].strip(".").split(".")
        target = new
        for part in parents:
            target = target.setdefault(part, {})
        target[last] = replicas
        # NB: upstream writes with the subresource in managedFields, and so do we.
        changed = registry.replace(resource, old, new, subresource="scale", options=options)
        return get_scale(registry, resource, changed)


def patch_scale(
    registry: Registry, resource: Resource, name: str, patch: patches.Patch, *, namespace: str,
    options: WriteOptions,
) -> Object:  # fmt: skip
    """Patch the Scale of an object and return the new one."""
    with registry.transaction():
        old = get_scale(registry, resource, registry.get(resource, namespace, name))
        if patch.type is patches.PatchType.APPLY:
            patch = patches.Patch(patches.PatchType.MERGE, patch.body)
        new = patches.patch_value(registry, _SCALE, old, patch)
        return put_scale(registry, resource, name, new, namespace=namespace, options=options)
