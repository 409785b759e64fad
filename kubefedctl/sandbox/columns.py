"""
The columns of built-in kinds in tables.

Upstream: pkg/printers/internalversion/printers.go (v1.34): the same names and cells; wide
columns that need pods or nodes are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kubefedctl.sandbox.objects import Object, meta, name_of, spec_of, status_of
from kubefedctl.sandbox.resources import Key

_NONE, _UNKNOWN = "<none>", "<unknown>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and how a cell is read from an object."""

    name: str
    read: Callable[[Object], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Object:
        """Return the column as tables define it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


def age(timestamp: Any, *, missing: str = _UNKNOWN) -> str:
    """Return how long ago something was, as kubectl shows it."""
    try:
        then = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return missing
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return show_duration(int((datetime.now(UTC) - then).total_seconds()))


def show_duration(seconds: int) -> str:
    """
    Return a duration in one or two units.

    Upstream: apimachinery/pkg/util/duration/duration.go (HumanDuration).

    >>> [show_duration(item) for item in (-3, 5, 119, 130, 3600, 90000, 200000)]
    ['<invalid>', '5s', '119s', '2m10s', '60m', '25h', '2d7h']
    """
    if seconds < -1:
        return "<invalid>"
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    years, rest = days // 365, days % 365
    return f"{years}y{rest}d" if years < 8 and rest else f"{years}y"


_NAME = Column("Name", name_of, format="name")
_AGE = Column("Age", lambda obj: age(meta(obj).get("creationTimestamp")))


def _field(*path: str, default: Any = "") -> Callable[[Object], Any]:
    def read(obj: Object) -> Any:
        value: Any = obj
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None else value

    return read


def _number(*path: str) -> Callable[[Object], Any]:
    return _field(*path, default=0)


def _integer(name: str, *path: str) -> Column:
    return Column(name, _number(*path), type="integer")


def _wide(name: str, read: Callable[[Object], Any]) -> Column:
    return Column(name, read, priority=1)


def _pod_specs(obj: Object) -> list[Object]:
    spec = spec_of(obj)
    if "jobTemplate" in spec:
        spec = spec["jobTemplate"].get("spec") or {}
    template = spec.get("template") or {}
    return list((template.get("spec") or {}).get("containers") or ())


_CONTAINERS = _wide("Containers", lambda obj: ",".join(c.get("name", "") for c in _pod_specs(obj)))
_IMAGES = _wide("Images", lambda obj: ",".join(c.get("image", "") for c in _pod_specs(obj)))


def show_selector(obj: Object) -> str:
    """
    Return the selector of a workload on one line.

    Upstream: metav1.FormatLabelSelector.
    """
    selector = spec_of(obj).get("selector")
    if not isinstance(selector, dict):
        return _NONE
    if not ({"matchLabels", "matchExpressions"} & set(selector)):
        return _labels(selector)
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or ():
        values = f" ({','.join(sorted(item.get('values') or ()))})" if item.get("values") else ""
        operator = str(item.get("operator")).lower()
        if operator == "doesnotexist":
            parts.append(f"!{item.get('key')}")
        elif operator == "exists":
            parts.append(str(item.get("key")))
        else:
            parts.append(f"{item.get('key')} {operator}{values}")
    return ",".join(parts) or _NONE


def _labels(labels: Object | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or _NONE


_SELECTOR = _wide("Selector", show_selector)


def _ready(ready: str, wanted: Callable[[Object], Any]) -> Column:
    return Column("Ready", lambda obj: f"{status_of(obj).get(ready, 0)}/{wanted(obj)}")


def _external(obj: Object) -> str:
    spec = spec_of(obj)
    ingress = (status_of(obj).get("loadBalancer") or {}).get("ingress") or []
    shown = ",".join(item.get("ip") or item.get("hostname") or "" for item in ingress)
    addresses = ",".join(spec.get("externalIPs") or ())
    if spec.get("type") == "LoadBalancer":
        return ",".join(filter(None, (shown, addresses))) or "<pending>"
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName"))
    return addresses or _NONE


def _ports(obj: Object) -> str:
    parts = []
    for port in spec_of(obj).get("ports") or ():
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        parts.append(f"{port.get('port')}{node}/{port.get('protocol')}")
    return ",".join(parts) or _NONE


def _subjects(kind: str) -> Callable[[Object], str]:
    def read(obj: Object) -> str:
        found = [item for item in obj.get("subjects") or () if item.get("kind") == kind]
        if kind == "ServiceAccount":
            return ", ".join(f"{item.get('namespace')}/{item.get('name')}" for item in found)
        return ", ".join(str(item.get("name")) for item in found)

    return read


def _role(obj: Object) -> str:
    reference = obj.get("roleRef") or {}
    return f"{reference.get('kind')}/{reference.get('name')}"


def _event_object(obj: Object) -> str:
    involved = obj.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


def _job_state(obj: Object) -> str:
    for item in status_of(obj).get("conditions") or ():
        if item.get("status") == "True" and item.get("type") in ("Complete", "Failed", "Suspended"):
            return str(item["type"])
    return "Running"


def _completions(obj: Object) -> str:
    wanted = spec_of(obj).get("completions")
    return f"{status_of(obj).get('succeeded', 0)}/{1 if wanted is None else wanted}"


def _node_state(obj: Object) -> str:
    for item in status_of(obj).get("conditions") or ():
        if item.get("type") == "Ready":
            return "Ready" if item.get("status") == "True" else "NotReady"
    return "Unknown"


def _pod_ready(obj: Object) -> str:
    statuses = status_of(obj).get("containerStatuses") or []
    ready = sum(1 for item in statuses if item.get("ready"))
    return f"{ready}/{len(spec_of(obj).get('containers') or ())}"


def _hosts(obj: Object) -> str:
    hosts = [str(rule.get("host") or "*") for rule in spec_of(obj).get("rules") or ()]
    return ",".join(hosts) or "*"


_BINDING_COLUMNS = (
    _NAME,
    Column("Role", _role),
    _AGE,
    _wide("Users", _subjects("User")),
    _wide("Groups", _subjects("Group")),
    _wide("ServiceAccounts", _subjects("ServiceAccount")),
)
_REPLICAS = _number("spec", "replicas")
_SCALED = (
    _NAME,
    _integer("Desired", "spec", "replicas"),
    _integer("Current", "status", "replicas"),
    _integer("Ready", "status", "readyReplicas"),
    _AGE,
    _CONTAINERS,
    _IMAGES,
    _SELECTOR,
)
_RBAC = "rbac.authorization.k8s.io"

BUILTIN_COLUMNS: dict[Key, tuple[Column, ...]] = {
    ("", "configmaps"): (
        _NAME,
        Column("Data", lambda o: len(o.get("data") or ()) + len(o.get("binaryData") or ())),
        _AGE,
    ),
    ("", "secrets"): (
        _NAME,
        Column("Type", _field("type")),
        Column("Data", lambda o: len(o.get("data") or ())),
        _AGE,
    ),
    ("", "namespaces"): (_NAME, Column("Status", _field("status", "phase")), _AGE),
    ("", "serviceaccounts"): (
        _NAME,
        Column("Secrets", lambda o: len(o.get("secrets") or ())),
        _AGE,
    ),
    ("", "services"): (
        _NAME,
        Column("Type", _field("spec", "type")),
        Column("Cluster-IP", lambda o: spec_of(o).get("clusterIP") or _NONE),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        _AGE,
        _wide("Selector", lambda o: _labels(spec_of(o).get("selector"))),
    ),
    ("", "nodes"): (
        _NAME,
        Column("Status", _node_state),
        Column("Roles", lambda o: _NONE),
        _AGE,
        Column("Version", _field("status", "nodeInfo", "kubeletVersion")),
    ),
    ("", "pods"): (
        _NAME,
        Column("Ready", _pod_ready),
        Column("Status", _field("status", "phase")),
        Column("Restarts", lambda o: "0"),
        _AGE,
        _wide("IP", _field("status", "podIP", default=_NONE)),
        _wide("Node", _field("spec", "nodeName", default=_NONE)),
        _wide("Nominated Node", _field("status", "nominatedNodeName", default=_NONE)),
        _wide("Readiness Gates", lambda o: _NONE),
    ),
    ("", "events"): (
        Column("Last Seen", lambda o: age(o.get("lastTimestamp") or o.get("firstTimestamp"))),
        Column("Type", _field("type")),
        Column("Reason", _field("reason")),
        Column("Object", _event_object),
        _wide("Subobject", _field("involvedObject", "fieldPath")),
        _wide("Source", _field("source", "component")),
        Column("Message", lambda o: str(o.get("message") or "").strip()),
        _wide("First Seen", lambda o: age(o.get("firstTimestamp"))),
        _wide("Count", _field("count", default="1")),
        Column("Name", name_of, priority=1),
    ),
    ("", "replicationcontrollers"): _SCALED,
    ("apps", "replicasets"): _SCALED,
    ("apps", "deployments"): (
        _NAME,
        _ready("readyReplicas", _REPLICAS),
        Column("Up-to-date", _number("status", "updatedReplicas")),
        Column("Available", _number("status", "availableReplicas")),
        _AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    ("apps", "statefulsets"): (
        _NAME,
        _ready("readyReplicas", _REPLICAS),
        _AGE,
        _CONTAINERS,
        _IMAGES,
    ),
    ("apps", "daemonsets"): (
        _NAME,
        _integer("Desired", "status", "desiredNumberScheduled"),
        _integer("Current", "status", "currentNumberScheduled"),
        _integer("Ready", "status", "numberReady"),
        _integer("Up-to-date", "status", "updatedNumberScheduled"),
        _integer("Available", "status", "numberAvailable"),
        Column(
            "Node Selector",
            lambda o: _labels(spec_of(o).get("template", {}).get("spec", {}).get("nodeSelector")),
        ),
        _AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    ("batch", "jobs"): (
        _NAME,
        Column("Status", _job_state),
        Column("Completions", _completions),
        Column("Duration", lambda o: age(status_of(o).get("startTime"), missing="")),
        _AGE,
        _CONTAINERS,
        _IMAGES,
        _SELECTOR,
    ),
    ("batch", "cronjobs"): (
        _NAME,
        Column("Schedule", _field("spec", "schedule")),
        Column("Timezone", _field("spec", "timeZone", default=_NONE)),
        Column("Suspend", lambda o: str(bool(spec_of(o).get("suspend"))), type="boolean"),
        Column("Active", lambda o: len(status_of(o).get("active") or ()), type="integer"),
        Column("Last Schedule", lambda o: age(status_of(o).get("lastScheduleTime"), missing=_NONE)),
        _AGE,
        _CONTAINERS,
        _IMAGES,
        _wide("Selector", lambda o: show_selector(spec_of(o).get("jobTemplate") or {})),
    ),
    ("networking.k8s.io", "ingresses"): (
        _NAME,
        Column("Class", _field("spec", "ingressClassName", default=_NONE)),
        Column("Hosts", _hosts),
        Column("Address", lambda o: ""),
        Column("Ports", lambda o: "80, 443" if spec_of(o).get("tls") else "80"),
        _AGE,
    ),
    ("networking.k8s.io", "networkpolicies"): (
        _NAME,
        Column("Pod-Selector", lambda o: _labels(
            (spec_of(o).get("podSelector") or {}).get("matchLabels"))),
        _AGE,
    ),
    ("coordination.k8s.io", "leases"): (
        _NAME,
        Column("Holder", _field("spec", "holderIdentity")),
        _AGE,
    ),
    ("", "persistentvolumeclaims"): (
        _NAME,
        Column("Status", _field("status", "phase")),
        Column("Volume", _field("spec", "volumeName")),
        Column("Capacity", _field("status", "capacity", "storage")),
        Column("Access Modes", lambda o: ",".join(
            "".join(c for c in mode if c.isupper()) for mode in
            status_of(o).get("accessModes") or ())),
        Column("StorageClass", _field("spec", "storageClassName")),
        Column("VolumeAttributesClass", _field("spec", "volumeAttributesClassName",
                                              default="<unset>")),
        _AGE,
        _wide("VolumeMode", _field("spec", "volumeMode", default="<unset>")),
    ),
    (_RBAC, "rolebindings"): _BINDING_COLUMNS,
    (_RBAC, "clusterrolebindings"): _BINDING_COLUMNS,
}  # fmt: skip
