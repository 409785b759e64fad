"""
The OpenAPI schema that every federated type has: template, placement, overrides, status.

Laws:
1. `spec.template` is always there, and everything below it is kept.

Upstream: pkg/schema/federated.go and pkg/kubefedctl/enable/schema.go @ v0.10.0.
"""

from __future__ import annotations

from kubefedctl.core.structures import (
    ANY_MAP,
    ANYTHING,
    FLAG,
    INT64,
    TEXT,
    TIME,
    make_mapping,
    make_root,
    make_sequence,
    make_structure,
)
from kubefedctl.model.refs import Object


def make_federated_schema(*, retains_replicas: bool) -> Object:
    """Return the schema; *retains_replicas* adds `spec.retainReplicas`."""
    spec: Object = {"placement": _PLACEMENT, "overrides": _OVERRIDES, "template": ANY_MAP}
    if retains_replicas:
        spec["retainReplicas"] = FLAG
    return make_root({"spec": make_structure(spec), "status": _STATUS}, required=("spec",))


_LABEL_REQUIREMENT = make_structure(
    {"key": TEXT, "operator": TEXT, "values": make_sequence(TEXT)}, required=("key", "operator")
)
_PLACEMENT = make_structure(
    {
        "clusters": make_sequence(make_structure({"name": TEXT}, required=("name",))),
        "clusterSelector": make_structure(
            {
                "matchExpressions": make_sequence(_LABEL_REQUIREMENT),
                "matchLabels": make_mapping(TEXT),
            }
        ),
    }
)
_CLUSTER_OVERRIDE = make_structure(
    {
        "op": {"type": "string", "pattern": "^(add|remove|replace)?$"},
        "path": TEXT,
        "value": ANYTHING,
    },
    required=("path",),
)
_OVERRIDES = make_sequence(
    make_structure({"clusterName": TEXT, "clusterOverrides": make_sequence(_CLUSTER_OVERRIDE)})
)
_CLUSTER_STATUS = make_structure(
    {
        "name": TEXT,
        "status": TEXT,
        "remoteStatus": ANY_MAP,
    },
    required=("name",),
)
_CONDITION = make_structure(
    {
        "type": TEXT,
        "status": TEXT,
        "reason": TEXT,
        "lastUpdateTime": TIME,
        "lastTransitionTime": TIME,
    },
    required=("type", "status"),
)
_STATUS = make_structure(
    {
        "conditions": make_sequence(_CONDITION),
        "clusters": make_sequence(_CLUSTER_STATUS),
        "observedGeneration": INT64,
    }
)
