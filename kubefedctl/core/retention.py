"""
What an update leaves to the member cluster: fields that its API server or controllers own.

An API server allocates some values itself (cluster IPs, node ports) and refuses an update that
drops them; other controllers own finalizers, annotations and, where an autoscaler works, replicas.
Overrides are applied after retention and win over it.

Not retained, as in KubeFed: anything of PersistentVolumeClaims, Jobs and webhook configurations,
image pull secrets of ServiceAccounts, labels.

Laws:
1. A field is retained for the reason written at its function, or not at all.
2. What is retained twice is the same as what is retained once.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from kubefedctl.errors import InputError
from kubefedctl.model.objects import kind_of, value_at
from kubefedctl.model.refs import Object

_OWNED_METADATA = ("resourceVersion", "finalizers", "annotations")


def retain_fields(desired: Object, observed: Object, *, retain_replicas: Any) -> Object:
    """
    Return *desired* with the fields that belong to the member cluster.

    Args:
        desired: The draft: what the template asks for. Not changed.
        observed: What the member cluster has now.
        retain_replicas: `spec.retainReplicas` of the federated object as it stands.

    Returns:
        A new object, fit for a full update of *observed*: it carries its resource version.

    Raises:
        InputError: A field that is looked at has an impossible type; KubeFed calls that
            FieldRetentionFailed.

    Upstream: pkg/controller/sync/dispatch/retain.go @ v0.10.0. Unlike there, ports of a Service
    are the same if they differ only in a protocol left out (TCP) or a name left out, and null
    means absent.

    >>> retain_fields({}, {"metadata": {"resourceVersion": "7"}}, retain_replicas=None)
    {'metadata': {'resourceVersion': '7'}}
    """
    kept = copy.deepcopy(desired)
    _retain_metadata(kept, observed)
    match kind_of(desired):
        case "Service":
            _retain_service_fields(kept, observed)
        case "ServiceAccount":
            _retain_secrets(kept, observed)
        case _:
            _retain_replicas(kept, observed, retain_replicas)
    return kept


def _retain_metadata(kept: Object, observed: Object) -> None:
    """Update with a lock on what was read; leave alone what other controllers have written."""
    metadata = _section(kept, "metadata")
    for field in _OWNED_METADATA:
        metadata.pop(field, None)
        found = value_at(observed, "metadata", field)
        if found:
            metadata[field] = copy.deepcopy(found)


def _retain_service_fields(kept: Object, observed: Object) -> None:
    """Keep what the API server has allocated to the Service and does not let go."""
    live = _read(observed, "spec", dict, where="the member's Service") or {}
    where = "spec of the member's Service"
    node_port = _read(live, "healthCheckNodePort", int, where=where)
    if node_port is not None and node_port > 0:
        _section(kept, "spec")["healthCheckNodePort"] = node_port
    cluster_ip = _read(live, "clusterIP", str, where=where)
    if cluster_ip:
        _section(kept, "spec")["clusterIP"] = cluster_ip
    cluster_ips = _read(live, "clusterIPs", list, where=where)
    if cluster_ips:
        if not all(isinstance(address, str) for address in cluster_ips):
            raise InputError(f"clusterIPs in {where} holds something that is not text")
        _section(kept, "spec")["clusterIPs"] = list(cluster_ips)
    ports = _read(live, "ports", list, where=where)
    if ports is not None:
        _retain_node_ports(_section(kept, "spec"), _maps(ports, where=f"ports in {where}"))


def _retain_node_ports(spec: Object, live_ports: list[Object]) -> None:
    where = "spec of the template"
    ports = _maps(_read(spec, "ports", list, where=where) or [], where=f"ports in {where}")
    allocated = {
        _port_identity(port): port["nodePort"] for port in live_ports if "nodePort" in port
    }
    for port in ports:
        node_port = allocated.get(_port_identity(port))
        if node_port is not None:
            port["nodePort"] = node_port
    spec["ports"] = ports


def _port_identity(port: Object) -> tuple[str, str, str]:
    # NB: a template mostly leaves out the protocol, and the API server fills it in as TCP.
    name, protocol, number = (port.get(field) for field in ("name", "protocol", "port"))
    return repr(name or ""), repr(protocol or "TCP"), repr(number)


def _retain_secrets(kept: Object, observed: Object) -> None:
    """Keep generated token Secrets, or the member would make new ones after every update."""
    if _read(kept, "secrets", list, where="the template"):
        return
    secrets = _read(observed, "secrets", list, where="the member's ServiceAccount")
    if secrets:
        kept["secrets"] = copy.deepcopy(secrets)


def _retain_replicas(kept: Object, observed: Object, retain_replicas: Any) -> None:
    """Leave the number of replicas to an autoscaler in the member, where that is asked for."""
    if retain_replicas is not None and not isinstance(retain_replicas, bool):
        raise InputError("spec.retainReplicas is neither true nor false")
    if not retain_replicas:
        return
    live = _read(observed, "spec", dict, where="the member's object") or {}
    replicas = _read(live, "replicas", int, where="spec of the member's object")
    if replicas is not None:
        _section(kept, "spec")["replicas"] = replicas


def _section(kept: Object, field: str) -> Object:
    """Return the map at *field* of *kept*, made where there is none."""
    if kept.get(field) is None:
        kept[field] = {}
    section = kept[field]
    if not isinstance(section, dict):
        raise InputError(f"{field} of the template is not a map")
    return section


def _read(obj: Mapping[str, Any], field: str, wanted: type, *, where: str) -> Any:
    value = obj.get(field)
    is_wanted = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    if value is not None and not is_wanted:
        raise InputError(f"{field} in {where} is {type(value).__name__}, not {wanted.__name__}")
    return value


def _maps(values: list[Any], *, where: str) -> list[Object]:
    if not all(isinstance(value, dict) for value in values):
        raise InputError(f"{where} holds something that is not a map")
    return values
