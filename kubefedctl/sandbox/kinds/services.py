"""
Services and their neighbours: addresses, ports, and what of them can't be changed.

Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Service), pkg/registry/core/service/storage
(alloc.go), pkg/apis/core/validation/validation.go (ValidateService, ValidateServiceUpdate).
"""

from __future__ import annotations

import ipaddress

from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.objects import Object, meta, spec_of
from kubefedctl.sandbox.statuses import (
    ApiError,
    cause,
    invalid,
    invalid_value,
    required,
    show_value,
    unsupported,
)

_RANGE = ipaddress.ip_network("10.96.0.0/16")
_NODE_PORTS = range(30000, 32768)
_SERVICES = ("", "services")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def default_service(obj: Object) -> None:
    """Give a Service the defaults that need no knowledge of other Services."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    if not spec.get("type"):
        spec["type"] = "ClusterIP"
    if spec["sessionAffinity"] == "ClientIP":
        client = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        client.setdefault("timeoutSeconds", 10800)
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, "", 0):
            port["targetPort"] = port.get("port")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def prepare_service(obj: Object, old: Object | None, context: Context) -> None:
    """Allocate the cluster IP and the node ports, or keep those there are."""
    spec = obj["spec"]
    if old is None:
        obj["status"] = {"loadBalancer": {}}
    if spec["type"] == "ExternalName":
        for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(key, None)
        return
    if old is not None:
        _keep_allocated(spec, spec_of(old))
    _allocate_address(obj, context, old)
    # A headless Service without a selector may have endpoints of either family.
    both = spec["clusterIP"] == "None" and not spec.get("selector") and not spec.get("ipFamilies")
    spec.setdefault("ipFamilyPolicy", "RequireDualStack" if both else "SingleStack")
    spec.setdefault("ipFamilies", ["IPv4", "IPv6"] if both else ["IPv4"])
    if spec["type"] == "NodePort" or (
        spec["type"] == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts")
    ):
        _allocate_ports(spec, context, meta(obj).get("uid"))
    elif spec["type"] == "ClusterIP" and old and spec_of(old).get("type") != "ClusterIP":
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
        spec.pop("externalTrafficPolicy", None)


def _keep_allocated(spec: Object, before: Object) -> None:
    """Upstream: patchAllocatedValues; an update need not repeat what the server has chosen."""
    for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not spec.get(key) and before.get(key):
            spec[key] = before[key]
    if spec["type"] not in ("NodePort", "LoadBalancer"):
        return
    known = {
        (port.get("port"), port.get("protocol")): port["nodePort"]
        for port in before.get("ports") or ()
        if port.get("nodePort")
    }
    used = {port.get("nodePort") for port in spec.get("ports") or ()}
    for port in spec.get("ports") or ():
        chosen = known.get((port.get("port"), port.get("protocol")))
        if not port.get("nodePort") and chosen and chosen not in used:
            port["nodePort"] = chosen


def _allocate_address(obj: Object, context: Context, old: Object | None) -> None:
    spec = obj["spec"]
    address = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or ()), "")
    others = [
        spec_of(item)
        for item in context.store.list(_SERVICES)
        if meta(item).get("uid") != meta(obj).get("uid")
    ]
    used = {item.get("clusterIP") for item in others}
    if not address:
        free = (str(host) for host in _RANGE.hosts() if str(host) not in used)
        # The first address is kept for the Service of the API server itself.
        address = next(item for item in free if item != str(_RANGE[1]))
    elif address != "None" and old is None:
        _check_address(obj, context, address, used=address in used)
    spec["clusterIP"] = address
    spec["clusterIPs"] = spec.get("clusterIPs") or [address]


def _check_address(obj: Object, context: Context, address: str, *, used: bool) -> None:
    if used:
        text = "provided IP is already allocated"
    else:
        try:
            text = (
                "" if ipaddress.ip_address(address) in _RANGE else
                f"the provided IP ({address}) is not in the valid range. The range of valid IPs is "
                f"{_RANGE}"
            )  # fmt: skip
        except ValueError:
            text = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    if text:
        detail = invalid_value(
            "spec.clusterIPs", [address], message=f"failed to allocate IP {address}: {text}"
        )
        raise invalid(context.resource, meta(obj).get("name", ""), causes=[detail])


def _allocate_ports(spec: Object, context: Context, uid: str | None) -> None:
    used = {
        port.get("nodePort")
        for item in context.store.list(_SERVICES)
        if meta(item).get("uid") != uid
        for port in spec_of(item).get("ports") or ()
    }
    mine = {port.get("nodePort") for port in spec.get("ports") or ()}
    for index, port in enumerate(spec.get("ports") or ()):
        chosen = port.get("nodePort")
        if not chosen:
            chosen = next(item for item in _NODE_PORTS if item not in used and item not in mine)
            port["nodePort"] = chosen
            mine.add(chosen)
        elif chosen in used or chosen not in _NODE_PORTS:
            raise _port_error(context, chosen, index, used=chosen in used)


def _port_error(context: Context, port: int, index: int, *, used: bool) -> ApiError:
    text = (
        "provided port is already allocated" if used else
        "provided port is not in the valid range. The range of valid ports is 30000-32767"
    )  # fmt: skip
    field = f"spec.ports[{index}].nodePort"
    return invalid(context.resource, "", causes=[invalid_value(field, port, message=text)])


def validate_service(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a Service."""
    spec = spec_of(obj)
    causes: list[Object] = []
    ports = spec.get("ports") or []
    if not ports and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        causes.append(required("spec.ports"))
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        causes.append(required("spec.externalName"))
    causes += _check_service_ports(ports)
    if spec["type"] not in _TYPES:
        causes.append(unsupported("spec.type", spec["type"], allowed=_TYPES))
    if old is not None:
        before = spec_of(old)
        same = before.get("type") != "ExternalName" and spec["type"] != "ExternalName"
        if same and before.get("clusterIP") != spec.get("clusterIP"):
            text = "may not change once set"
            causes.append(invalid_value("spec.clusterIPs[0]", spec["clusterIPs"], message=text))
    return causes


def _check_service_ports(ports: list[Object]) -> list[Object]:
    causes: list[Object] = []
    names: set[str] = set()
    pairs: set[tuple[object, object]] = set()
    for index, port in enumerate(ports):
        field, name = f"spec.ports[{index}]", port.get("name") or ""
        if not name and len(ports) > 1:
            causes.append(required(f"{field}.name"))
        if name and name in names:
            text = f"Duplicate value: {show_value(name)}"
            causes.append(cause("FieldValueDuplicate", f"{field}.name", message=text))
        names.add(name)
        number = port.get("port")
        if not isinstance(number, int) or not 0 < number < 65536:
            text = "must be between 1 and 65535, inclusive"
            causes.append(invalid_value(f"{field}.port", number or 0, message=text))
        aim = port.get("targetPort")
        if isinstance(aim, int) and not 0 < aim < 65536:
            text = "must be between 1 and 65535, inclusive"
            causes.append(invalid_value(f"{field}.targetPort", aim, message=text))
        pair = (port.get("protocol"), number)
        if pair in pairs:
            shown = {"port": number, "protocol": port.get("protocol")}
            text = f"Duplicate value: {show_value(shown)}"
            causes.append(cause("FieldValueDuplicate", field, message=text))
        pairs.add(pair)
    return causes


def default_network_policy(obj: Object) -> None:
    """Give the policy types, and the protocol of its ports."""
    spec = obj.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def prepare_ingress(obj: Object, old: Object | None, context: Context) -> None:
    """A new Ingress has no address yet."""
    if old is None:
        obj["status"] = {"loadBalancer": {}}


def validate_ingress(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against an Ingress."""
    spec = spec_of(obj)
    if not spec.get("rules") and not spec.get("defaultBackend"):
        text = "either `defaultBackend` or `rules` must be specified"
        return [invalid_value("spec", [], message=text)]
    causes = []
    for index, rule in enumerate(spec.get("rules") or ()):
        for place, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            if not path.get("pathType"):
                field = f"spec.rules[{index}].http.paths[{place}].pathType"
                causes.append(required(field, "pathType must be specified"))
    return causes
