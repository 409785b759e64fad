"""
Kinds with little to them: ConfigMap, Secret, Namespace, Node, volumes, classes, autoscalers.

Upstream: pkg/apis/*/v1/defaults.go, pkg/apis/core/validation/validation.go,
pkg/registry/core/*/strategy.go (v1.34).
"""

from __future__ import annotations

import base64
import binascii
import json

from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.objects import Object, meta
from kubefedctl.sandbox.statuses import bad_request, cause, invalid_value, required

_DATA_LIMIT = 1024 * 1024
_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_KEY_PROBLEM = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_REQUIRED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def _check_keys(data: Object, field: str) -> list[Object]:
    causes = []
    for key in data:
        if not key or not all(char.isascii() and (char.isalnum() or char in "-._") for char in key):
            causes.append(invalid_value(f"{field}[{key}]", key, message=_KEY_PROBLEM))
        elif len(key) > 253:
            text = "must be no more than 253 characters"
            causes.append(invalid_value(f"{field}[{key}]", key, message=text))
    return causes


def _check_base64(data: Object, *, kind: str) -> None:
    """Refuse bytes that Go could not read; the value is not shown, it may be secret."""
    for value in data.values():
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError):
            text = "illegal base64 data"
            raise bad_request(
                f'{kind} in version "v1" cannot be handled as a {kind}: {text}'
            ) from None


def _immutable_changes(obj: Object, old: Object | None, fields: tuple[str, ...]) -> list[Object]:
    """Upstream: ValidateConfigMapUpdate, ValidateSecretUpdate."""
    if old is None or not old.get("immutable"):
        return []
    text = "field is immutable when `immutable` is set"
    causes = []
    if not obj.get("immutable"):
        causes.append(cause("FieldValueForbidden", "immutable", message=f"Forbidden: {text}"))
    causes += [
        cause("FieldValueForbidden", field, message=f"Forbidden: {text}")
        for field in fields
        if (obj.get(field) or {}) != (old.get(field) or {})
    ]
    return causes


def _check_size(values: list[str], field: str) -> list[Object]:
    if sum(map(len, values)) <= _DATA_LIMIT:
        return []
    text = f"Too long: may not be more than {_DATA_LIMIT} bytes"
    return [cause("FieldValueTooLong", field, message=text)]


def validate_config_map(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a ConfigMap."""
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    causes = _check_keys(data, "data") + _check_keys(binary, "binaryData")
    _check_base64(binary, kind="ConfigMap")
    causes += [
        invalid_value("data", key, message="duplicate of key present in binaryData")
        for key in data
        if key in binary
    ]
    causes += _check_size([*data.values(), *binary.values()], "")
    return causes + _immutable_changes(obj, old, ("data", "binaryData"))


def default_secret(obj: Object) -> None:
    """Give the type, and move stringData into data."""
    text = obj.pop("stringData", None)
    if text:
        data = dict(obj.get("data") or {})
        for key, value in text.items():
            data[key] = base64.b64encode(str(value).encode()).decode()
        obj["data"] = data
    if not obj.get("type"):
        obj["type"] = "Opaque"


def validate_secret(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a Secret."""
    data, kind = obj.get("data") or {}, obj["type"]
    _check_base64(data, kind="Secret")
    causes = _check_keys(data, "data")
    causes += _check_size(list(data.values()), "data")
    if kind == "kubernetes.io/service-account-token":
        annotation = "kubernetes.io/service-account.name"
        if not (meta(obj).get("annotations") or {}).get(annotation):
            causes.append(required(f"metadata.annotations[{annotation}]"))
    for key in _REQUIRED_KEYS.get(kind, ()):
        if key not in data:
            causes.append(required(f"data[{key}]"))
        elif kind.endswith("json") and not causes and not _is_json(data[key]):
            causes.append(
                invalid_value(f"data[{key}]", "<secret contents redacted>", message="invalid JSON")
            )
    if old is not None and old.get("type") != kind:
        causes.append(invalid_value("type", kind, message="field is immutable"))
    return causes + _immutable_changes(obj, old, ("data",))


def _is_json(value: str) -> bool:
    try:
        json.loads(base64.b64decode(value))
    except ValueError:
        return False
    return True


def default_namespace(obj: Object) -> None:
    """Give the label with its own name."""
    metadata = obj["metadata"]
    if metadata.get("name"):
        metadata["labels"] = {
            **(metadata.get("labels") or {}),
            _NAMESPACE_LABEL: metadata["name"],
        }


def prepare_namespace(obj: Object, old: Object | None, context: Context) -> None:
    """Keep the finalizers of the spec and the phase, which only the system changes."""
    if old is None:
        finalizers = list((obj.get("spec") or {}).get("finalizers") or [])
        if "kubernetes" not in finalizers:
            finalizers.append("kubernetes")
        obj["spec"] = {"finalizers": finalizers}
        obj["status"] = {"phase": "Active"}
    elif context.subresource != "finalize":
        obj["spec"] = old.get("spec") or {}


def prepare_node(obj: Object, old: Object | None, context: Context) -> None:
    """Keep the status that a node brings along: kubelets register with it."""
    obj.setdefault("spec", {})


def default_claim(obj: Object) -> None:
    """Give the volume mode."""
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def prepare_claim(obj: Object, old: Object | None, context: Context) -> None:
    """A new claim waits for its volume."""
    if old is None:
        obj["status"] = {"phase": "Pending"}


def default_volume(obj: Object) -> None:
    """Give reclaim policy and mode."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")


def prepare_volume(obj: Object, old: Object | None, context: Context) -> None:
    """A new volume is pending until a controller looks at it."""
    if old is None:
        obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": context.now()}


def default_storage_class(obj: Object) -> None:
    """Give reclaim policy and binding mode."""
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def default_priority_class(obj: Object) -> None:
    """Give the preemption policy."""
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def default_autoscaler(obj: Object) -> None:
    """Give the least number of replicas and the CPU metric."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
