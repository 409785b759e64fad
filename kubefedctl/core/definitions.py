"""
The CustomResourceDefinitions of KubeFed's own API, as the host needs them.

Here: the seven types that are not federated types, in the shape of KubeFed 0.10, with the defaults
and checks of its admission webhook. Not here: the CRDs of federated types (`enabling`), and what
each check looks like (`constraints`).

Laws:
1. What KubeFed 0.10 accepts is accepted, its webhook included.

NB: where the CRDs and the webhook differ:

- A default fills what is absent. A list of feature gates that lacks one stays as it is: `init` adds
  it, and KubeFed's controller-manager takes its own default for it.
- The webhook judges either spec or status, an API server the whole object at every write. One that
  was stored with a bad field takes no other write until the field is right; API servers from 1.30
  on let a bad field pass that did not change, but not a bad name of a FederatedTypeConfig.

Upstream: config/crds, pkg/apis/*/*_types.go, pkg/apis/core/v1beta1/{defaults,validation} @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.core.configuring import DEFAULT_SPEC
from kubefedctl.core.constraints import (
    ALL_STANDS_ALONE,
    DNS_LABEL,
    DOTTED_GROUP,
    DURATION,
    ENDPOINT,
    GROUP,
    KIND,
    LEASE_OUTLASTS_RENEWAL,
    PROXY,
    RENEWAL_OUTLASTS_RETRY,
    SCOPE_STAYS,
    SUBDOMAIN,
    TYPE_CONFIG_NAME,
    CelRule,
    TextRule,
    make_choice,
    make_count,
    make_filled,
    make_text,
    with_rules,
)
from kubefedctl.core.structures import (
    ANY_MAP,
    FLAG,
    TEXT,
    TIME,
    make_crd,
    make_mapping,
    make_root,
    make_sequence,
    make_structure,
)
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import ClusterCondition, ControllerStatus, Scope
from kubefedctl.model.wellknown import (
    CLUSTER_PROPAGATED_VERSIONS,
    FEDERATED_SERVICE_STATUSES,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    PROPAGATED_VERSIONS,
    REPLICA_SCHEDULING_PREFERENCES,
    TYPE_CONFIGS,
)


def make_core_crds() -> tuple[Object, ...]:
    """Return the seven CRDs of KubeFed's own types, sorted by name."""
    return (
        make_crd(CLUSTER_PROPAGATED_VERSIONS, schema=_PROPAGATED_VERSION),
        make_crd(FEDERATED_SERVICE_STATUSES, schema=_FEDERATED_SERVICE_STATUS, has_status=False),
        make_crd(TYPE_CONFIGS, schema=TYPE_CONFIG_SCHEMA, short_names=["ftc"]),
        make_crd(
            KUBEFED_CLUSTERS,
            schema=KUBEFED_CLUSTER_SCHEMA,
            short_names=["kfc"],
            printer_columns=_KUBEFED_CLUSTER_COLUMNS,
        ),
        make_crd(KUBEFED_CONFIGS, schema=KUBEFED_CONFIG_SCHEMA, has_status=False),
        make_crd(PROPAGATED_VERSIONS, schema=_PROPAGATED_VERSION),
        make_crd(
            REPLICA_SCHEDULING_PREFERENCES,
            schema=_REPLICA_SCHEDULING_PREFERENCE,
            short_names=["rsp"],
            has_status=False,
        ),
    )


def _all_required(properties: Object) -> Object:
    return make_structure(properties, required=properties)


def _with_required(required: Iterable[str], properties: Object) -> Object:
    return make_structure(properties, required=required)


_KUBEFED_CLUSTER_COLUMNS: list[Object] = [
    {"name": "age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {
        "name": "ready",
        "type": "string",
        "jsonPath": ".status.conditions[?(@.type=='Ready')].status",
    },
    {"name": "kubernetes-version", "type": "string", "jsonPath": ".status.kubernetesVersion"},
]

_CLUSTER_CONDITION = _with_required(
    ("type", "status", "lastProbeTime"),
    {
        "type": make_choice(*ClusterCondition),
        "status": make_choice("True", "False", "Unknown"),
        "lastProbeTime": TIME,
        "lastTransitionTime": TIME,
        "reason": TEXT,
        "message": TEXT,
    },
)
_DISABLED_VALIDATIONS: Object = {
    **make_sequence(make_choice("*", "SubjectName", "ValidityPeriod")),
    "maxItems": 16,
    "anyOf": [{"maxItems": 1}, {"items": {"pattern": "^([^*]+)$"}}],
}
KUBEFED_CLUSTER_SCHEMA = make_root(
    {
        "spec": _with_required(
            ("apiEndpoint", "secretRef"),
            {
                "apiEndpoint": make_text(ENDPOINT),
                "caBundle": {"type": "string", "format": "byte"},
                "disabledTLSValidations": with_rules(_DISABLED_VALIDATIONS, ALL_STANDS_ALONE),
                "proxyURL": make_text(PROXY),
                "secretRef": _all_required({"name": make_text(SUBDOMAIN)}),
            },
        ),
        "status": _with_required(
            ("conditions",),
            {
                "conditions": make_sequence(_CLUSTER_CONDITION),
                "kubernetesVersion": TEXT,
                "region": TEXT,
                "zones": make_sequence(TEXT),
            },
        ),
    },
    required=("spec",),
)


def _make_api_resource(group: TextRule, *, is_group_required: bool) -> Object:
    required = ("version", "kind", "pluralName", "scope")
    return _with_required(
        ("group", *required) if is_group_required else required,
        {
            "group": make_text(group),
            "version": make_text(DNS_LABEL),
            "kind": make_text(KIND),
            "pluralName": make_text(DNS_LABEL),
            "scope": make_choice(*Scope),
        },
    )


_SWITCH = make_choice("Enabled", "Disabled")
_CUSTOM_RESOURCE = _make_api_resource(DOTTED_GROUP, is_group_required=True)
TYPE_CONFIG_SCHEMA = with_rules(
    make_root(
        {
            "spec": _with_required(
                ("targetType", "federatedType", "propagation"),
                {
                    "targetType": _make_api_resource(GROUP, is_group_required=False),
                    "federatedType": _CUSTOM_RESOURCE,
                    "propagation": _SWITCH,
                    "statusType": _CUSTOM_RESOURCE,
                    "statusCollection": _SWITCH,
                },
            ),
            "status": _with_required(
                ("observedGeneration", "propagationController"),
                {
                    "observedGeneration": make_count(0),
                    "propagationController": make_choice(*ControllerStatus),
                    "statusController": make_choice(*ControllerStatus),
                },
            ),
        },
        required=("spec",),
    ),
    TYPE_CONFIG_NAME,
)


def _make_section(name: str, *rules: CelRule) -> Object:
    """Return the schema of a section of the KubeFedConfig: its defaults tell what each field is."""
    return make_filled(
        {
            field: _make_setting(field, default=default)
            for field, default in DEFAULT_SPEC[name].items()
        },
        *rules,
    )


def _make_setting(field: str, *, default: str | int) -> Object:
    if isinstance(default, int):
        return make_count(1, default=default)
    if field in _CHOICES:
        return make_choice(*_CHOICES[field], default=default)
    return make_text(DURATION, default=default)


_CHOICES = {
    "resourceLock": ("configmaps", "endpoints"),
    "adoptResources": ("Enabled", "Disabled"),
}
_GATES = DEFAULT_SPEC["featureGates"]
_FEATURE_GATES: Object = {
    **make_sequence(
        _all_required(
            {"name": make_choice(*(gate["name"] for gate in _GATES)), "configuration": _SWITCH}
        )
    ),
    "default": list(_GATES),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
}
KUBEFED_CONFIG_SCHEMA = make_root(
    {
        "spec": _with_required(
            ("scope",),
            {
                "scope": make_choice(*Scope, rules=[SCOPE_STAYS]),
                "controllerDuration": _make_section("controllerDuration"),
                "leaderElect": _make_section(
                    "leaderElect", LEASE_OUTLASTS_RENEWAL, RENEWAL_OUTLASTS_RETRY
                ),
                "featureGates": _FEATURE_GATES,
                "clusterHealthCheck": _make_section("clusterHealthCheck"),
                "syncController": _make_section("syncController"),
                "statusController": _make_section("statusController"),
            },
        )
    },
    required=("spec",),
)

_PROPAGATED_VERSION = make_root(
    {
        "status": _with_required(
            ("templateVersion", "overridesVersion"),
            {
                "templateVersion": TEXT,
                "overridesVersion": TEXT,
                "clusterVersions": make_sequence(
                    _all_required({"clusterName": TEXT, "version": TEXT})
                ),
            },
        )
    }
)

_FEDERATED_SERVICE_STATUS = make_root(
    {"clusterStatus": make_sequence(_all_required({"clusterName": TEXT, "status": ANY_MAP}))}
)

_REPLICA_SCHEDULING_PREFERENCE = make_root(
    {
        "spec": _with_required(
            ("targetKind", "totalReplicas"),
            {
                "targetKind": TEXT,
                "totalReplicas": make_count(0, bits=32),
                "rebalance": FLAG,
                "intersectWithClusterSelector": FLAG,
                "clusters": make_mapping(
                    make_structure(
                        dict.fromkeys(("minReplicas", "maxReplicas", "weight"), make_count(0))
                    )
                ),
            },
        ),
        "status": {"type": "object"},
    },
    required=("spec",),
)
