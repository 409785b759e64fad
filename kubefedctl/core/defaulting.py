"""
What API servers of built-in types set where nothing is asked for.

Here: of what a write would leave out, that which is back as soon as it is written. Telling it as a
change would hide the real ones. Not here: what custom types have as defaults, which their schemas
alone say.

Laws:
1. A value is only kept where the server would set that very value again.

Upstream: k8s.io/kubernetes pkg/apis/*/v1/defaults.go @ v1.34.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from kubefedctl.core.applying import is_built_in
from kubefedctl.core.comparing import find_item_key
from kubefedctl.core.quantities import parse_quantity
from kubefedctl.model.objects import kind_of
from kubefedctl.model.refs import Object

_PARTS: Object = {"maxSurge": "25%", "maxUnavailable": "25%"}
_ONE_BY_ONE: Object = {"maxSurge": 0, "maxUnavailable": 1}
_DEFAULTS: Mapping[str, Any] = {
    "apiVersion": "v1",
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "concurrencyPolicy": "Allow",
    "conversion": {"strategy": "None"},
    "defaultMode": 420,
    "dnsPolicy": "ClusterFirst",
    "externalTrafficPolicy": "Cluster",
    "failedJobsHistoryLimit": 1,
    "internalTrafficPolicy": "Cluster",
    "manualSelector": False,
    "parallelism": 1,
    "partition": 0,
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "podManagementPolicy": "OrderedReady",
    "podReplacementPolicy": "TerminatingOrFailed",
    "progressDeadlineSeconds": 600,
    "protocol": "TCP",
    "replicas": 1,
    "resources": {},
    "revisionHistoryLimit": 10,
    "schedulerName": "default-scheduler",
    "scheme": "HTTP",
    "securityContext": {},
    "sessionAffinity": "None",
    "successfulJobsHistoryLimit": 3,
    "suspend": False,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "volumeMode": "Filesystem",
    "whenDeleted": "Retain",
    "whenScaled": "Retain",
}
_OF_KIND: Mapping[str, Mapping[str, Any]] = {
    "Deployment": {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": _PARTS},
        "rollingUpdate": _PARTS,
        **_PARTS,
    },
    "StatefulSet": {
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "rollingUpdate": {"partition": 0},
    },
    "DaemonSet": {
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": _ONE_BY_ONE},
        "rollingUpdate": _ONE_BY_ONE,
        **_ONE_BY_ONE,
    },
}
_OF_PROBES: Mapping[str, Any] = {
    "timeoutSeconds": 1,
    "periodSeconds": 10,
    "successThreshold": 1,
    "failureThreshold": 3,
}
_OF_PODS: Mapping[str, Any] = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30}
_TYPES: Mapping[tuple[str, tuple[str, ...]], str] = {
    ("Secret", ()): "Opaque",
    ("Service", ("spec",)): "ClusterIP",
    ("Deployment", ("spec", "strategy")): "RollingUpdate",
    ("StatefulSet", ("spec", "updateStrategy")): "RollingUpdate",
    ("DaemonSet", ("spec", "updateStrategy")): "RollingUpdate",
}
_AMOUNTS = frozenset({"limits", "requests", "capacity", "hard"})
"""Maps of quantities, which servers write in their own way."""
_USERS = frozenset(
    {"labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "binaryData"}
)
"""Maps whose keys are anybody's choice."""
_KEPT_OF_SERVICES = frozenset({"ipFamilies", "ipFamilyPolicy", "clusterIP", "clusterIPs"})
_OF_NAMESPACES = frozenset(
    {
        (("metadata", "labels"), "kubernetes.io/metadata.name"),
        ((), "spec"),
        (("spec",), "finalizers"),
    }
)


def settle(new: Object, old: Object | None) -> Object:
    """
    Return *new* as an API server would keep it, as far as *old* shows what that is.

    Args:
        new: What is written. Not changed.
        old: What stands there.

    >>> made = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}}
    >>> there = {**made, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
    >>> settle(made, there)["spec"]
    {'ports': [{'port': 80, 'protocol': 'TCP'}]}
    """
    if not is_built_in(new):
        return new
    kind = kind_of(new)
    stored = _encode_strings(new) if kind == "Secret" else new
    settled = _settle(stored, old or {}, kind, ())
    assert isinstance(settled, dict)
    return settled


def _settle(new: Any, old: Any, kind: str, path: tuple[str, ...]) -> Any:
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        made = {
            name: _settle(value, before.get(name), kind, (*path, name))
            for name, value in new.items()
            if not _is_absent(value)
        }
        missing = {name: value for name, value in before.items() if made.get(name) is None}
        return made | {
            name: value
            for name, value in missing.items()
            if _comes_back(name, value, made, kind, path)
        }
    if isinstance(new, list):
        pairs = _pair(new, old if isinstance(old, list) else [])
        return [_settle(one, other, kind, (*path, "*")) for one, other in pairs]
    if len(path) > 1 and path[-2] in _AMOUNTS and old is not None:
        amount = parse_quantity(new)
        return old if amount is not None and amount == parse_quantity(old) else new
    return new


def _is_absent(value: Any) -> bool:
    """NB: a list without items is stored as none at all."""
    return value is None or (isinstance(value, list) and not value)


def _comes_back(name: str, value: Any, made: Object, kind: str, path: tuple[str, ...]) -> bool:
    """Whether an API server sets *name* to *value* again in the map *made* at *path*."""
    if kind == "Namespace":
        return (path, name) in _OF_NAMESPACES
    if path and path[-1] in _USERS:
        return False
    if path == ("spec",) and kind == "Service" and name in _KEPT_OF_SERVICES:
        return made.get("type") != "ExternalName"
    known = _default_of(name, made, kind, path)
    return known is not None and type(known) is type(value) and bool(known == value)


def _default_of(name: str, made: Object, kind: str, path: tuple[str, ...]) -> Any:
    """What an API server sets *name* to in the map *made* at *path*; None for nothing known."""
    match name:
        case "type":
            return _TYPES.get((kind, path))
        case "imagePullPolicy":
            return _pull_policy(made.get("image"))
        case "targetPort":
            return made.get("port")
        case "serviceAccount":
            return made.get("serviceAccountName")
        case "rollingUpdate" if made.get("type", "RollingUpdate") != "RollingUpdate":
            return None
    if not path:
        return None
    if path[-1].endswith("Probe") and name in _OF_PROBES:
        return _OF_PROBES[name]
    if name in _OF_PODS:
        return _OF_PODS[name] if "containers" in made else None
    return _OF_KIND.get(kind, {}).get(name, _DEFAULTS.get(name))


def _pull_policy(image: Any) -> str:
    name = str(image).rpartition("/")[2]
    is_latest = "@" not in name and (":" not in name or name.endswith(":latest"))
    return "Always" if is_latest else "IfNotPresent"


def _pair(new: list[Any], old: list[Any]) -> list[tuple[Any, Any]]:
    """Each item of *new* with that of *old* which it takes the place of."""
    name = find_item_key(new, old)
    if name is not None:
        by_name = {item[name]: item for item in old}
        return [(item, by_name.get(item[name])) for item in new]
    return [(item, old[at] if at < len(old) else None) for at, item in enumerate(new)]


def _encode_strings(secret: Object) -> Object:
    """A Secret as it is stored: `stringData` is merged into `data`."""
    given = secret.get("stringData")
    if not isinstance(given, dict):
        return secret
    encoded = {k: base64.b64encode(str(v).encode()).decode() for k, v in given.items()}
    rest = {name: value for name, value in secret.items() if name != "stringData"}
    return {**rest, "data": {**(secret.get("data") or {}), **encoded}}
