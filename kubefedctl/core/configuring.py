"""
The KubeFedConfig as sync uses it, and KubeFed's defaults for what one leaves out.

Upstream: pkg/apis/core/v1beta1/defaults/defaults.go @ v0.10.0, same values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubefedctl.errors import ControlPlaneError, InputError
from kubefedctl.model.locks import LEADER_RESOURCES, LockTerms
from kubefedctl.model.objects import list_at, text_at, value_at
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import Scope

_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|\u03bcs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3}
_SECONDS |= {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 2**63 / 1e9

DEFAULT_SPEC: Mapping[str, Any] = {
    "controllerDuration": {
        "availableDelay": "20s",
        "unavailableDelay": "1m0s",
        "cacheSyncTimeout": "5m0s",
    },
    "leaderElect": {
        "leaseDuration": "15s",
        "renewDeadline": "10s",
        "retryPeriod": "5s",
        "resourceLock": "configmaps",
    },
    "featureGates": (
        {"name": "PushReconciler", "configuration": "Enabled"},
        {"name": "RawResourceStatusCollection", "configuration": "Disabled"},
        {"name": "SchedulerPreferences", "configuration": "Enabled"},
    ),
    "clusterHealthCheck": {
        "period": "10s",
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeout": "3s",
    },
    "syncController": {"maxConcurrentReconciles": 1, "adoptResources": "Enabled"},
    "statusController": {"maxConcurrentReconciles": 1},
}
"""
Every default of a KubeFedConfig's spec; `scope` has none.
"""


def parse_duration(text: str) -> float:
    """
    Return the seconds of a Go duration.

    Raises:
        InputError: It is none, negative, or longer than Go can hold.

    >>> parse_duration("1m30s"), parse_duration("500ms"), parse_duration("0")
    (90.0, 0.5, 0.0)
    """
    if text == "0":
        return 0.0
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InputError(f"{text!r} is not a duration", hint="write it like 90s, 5m or 1h30m")
    seconds = float(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    if seconds >= _LONGEST:
        raise InputError(f"{text!r} is too long: a duration ends at 292 years")
    return seconds


def parse_federation_config(obj: Object, *, kubefed_namespace: str) -> FederationConfig:
    """
    Return the view of a KubeFedConfig.

    Raises:
        ControlPlaneError: A field has a value that KubeFed would refuse; the field is named.
    """
    scope = _one_of(obj, ("Cluster", "Namespaced"), "scope", default="Cluster")
    adoption = _one_of(
        obj, ("Enabled", "Disabled"), "syncController", "adoptResources", default="Enabled"
    )
    return FederationConfig(
        scope=Scope(scope),
        adopts=adoption == "Enabled",
        probe_timeout=_duration(obj, "clusterHealthCheck", "timeout", default=3.0),
        probe_attempts=_count(obj, "clusterHealthCheck", "failureThreshold", default=3),
        kubefed_namespace=kubefed_namespace,
        schedules=_is_gate_open(obj, "SchedulerPreferences", default=True),
        propagates=_is_gate_open(obj, "PushReconciler", default=True),
        collects_raw_status=_is_gate_open(obj, "RawResourceStatusCollection", default=False),
    )


def parse_lock_terms(obj: Object) -> LockTerms:
    """
    Return how a KubeFedConfig wants the lock to be held.

    A holder must have given up before others may take the lock, and must have had a second chance
    to renew it. Where the durations contradict that, which API servers of today refuse, the longer
    ones are cut.

    Raises:
        ControlPlaneError: A field has a value that KubeFed would refuse; the field is named.
    """
    duration = _duration(obj, "leaderElect", "leaseDuration", default=15.0)
    deadline = _duration(obj, "leaderElect", "renewDeadline", default=10.0)
    period = _duration(obj, "leaderElect", "retryPeriod", default=5.0)
    place = _one_of(
        obj, tuple(LEADER_RESOURCES), "leaderElect", "resourceLock", default="configmaps"
    )
    deadline = min(deadline, duration * 2 / 3) if deadline >= duration else deadline
    period = min(period, deadline / 2) if period >= deadline else period
    return LockTerms(duration, deadline, period, LEADER_RESOURCES[place])


def _is_gate_open(obj: Object, name: str, *, default: bool) -> bool:
    """Whether a feature gate is Enabled; what a gate may be called is judged by `checking`."""
    for gate in list_at(obj, "spec", "featureGates"):
        if text_at(gate, "name") == name:
            return text_at(gate, "configuration") == "Enabled"
    return default


def _one_of(obj: Object, allowed: tuple[str, ...], *path: str, default: str) -> str:
    found = value_at(obj, "spec", *path)
    if found is None:
        return default
    if found not in allowed:
        raise _refusal(path, found, "one of " + ", ".join(allowed))
    return str(found)


def _duration(obj: Object, *path: str, default: float) -> float:
    found = value_at(obj, "spec", *path)
    if found is None:
        return default
    try:
        seconds = parse_duration(found) if isinstance(found, str) else 0.0
    except InputError:
        seconds = 0.0
    if seconds <= 0:
        raise _refusal(path, found, "a duration above zero, such as 3s")
    return seconds


def _count(obj: Object, *path: str, default: int) -> int:
    found = value_at(obj, "spec", *path)
    if found is None:
        return default
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise _refusal(path, found, "a whole number above zero")
    return found


def _refusal(path: tuple[str, ...], found: Any, wanted: str) -> ControlPlaneError:
    return ControlPlaneError(
        f"KubeFedConfig kubefed: spec.{'.'.join(path)} is {found!r}, not {wanted}",
        hint="kubectl edit kubefedconfig kubefed in the host's KubeFed namespace",
    )
