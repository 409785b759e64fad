"""
The table from resource to the functions of its kind.

Laws:
1. Functions get objects of their own (clones) and may change them in place.
2. `default` and `prepare` fill in, `validate` returns causes, `admit` raises.
3. `default` runs on every write, before `prepare`; `prepare` and `validate` get the old object,
   None when a new one is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubefedctl.sandbox.kinds import access, definitions, plain, services, workloads
from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.resources import Key

Default = Callable[[Object], None]
Prepare = Callable[[Object, Object | None, Context], None]
Validate = Callable[[Object, Object | None], list[Object]]
Admit = Callable[[Object, Object | None, Context], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The functions of one resource; absent ones do nothing."""

    default: Default | None = None
    prepare: Prepare | None = None
    validate: Validate | None = None
    admit: Admit | None = None


_RBAC = "rbac.authorization.k8s.io"

RULES: dict[Key, Rules] = {
    ("", "configmaps"): Rules(validate=plain.validate_config_map),
    ("", "secrets"): Rules(
        default=plain.default_secret,
        validate=plain.validate_secret,
    ),
    ("", "namespaces"): Rules(default=plain.default_namespace, prepare=plain.prepare_namespace),
    ("", "nodes"): Rules(prepare=plain.prepare_node),
    ("", "serviceaccounts"): Rules(),
    ("", "services"): Rules(
        default=services.default_service,
        prepare=services.prepare_service,
        validate=services.validate_service,
    ),
    ("", "pods"): Rules(
        default=workloads.default_pod,
        prepare=workloads.prepare_pod,
        validate=workloads.validate_pod,
    ),
    ("", "podtemplates"): Rules(default=workloads.default_pod_template),
    ("", "replicationcontrollers"): Rules(
        default=workloads.default_replication_controller,
    ),
    ("", "persistentvolumeclaims"): Rules(default=plain.default_claim, prepare=plain.prepare_claim),
    ("", "persistentvolumes"): Rules(default=plain.default_volume, prepare=plain.prepare_volume),
    ("apps", "deployments"): Rules(
        default=workloads.default_deployment,
        validate=workloads.validate_selected,
    ),
    ("apps", "replicasets"): Rules(
        default=workloads.default_replica_set,
        validate=workloads.validate_selected,
    ),
    ("apps", "statefulsets"): Rules(
        default=workloads.default_stateful_set,
        validate=workloads.validate_stateful_set,
    ),
    ("apps", "daemonsets"): Rules(
        default=workloads.default_daemon_set,
        prepare=workloads.prepare_daemon_set,
        validate=workloads.validate_selected,
    ),
    ("batch", "jobs"): Rules(
        default=workloads.default_job,
        prepare=workloads.prepare_job,
        validate=workloads.validate_job,
    ),
    ("batch", "cronjobs"): Rules(
        default=workloads.default_cron_job,
        validate=workloads.validate_cron_job,
    ),
    ("autoscaling", "horizontalpodautoscalers"): Rules(default=plain.default_autoscaler),
    ("networking.k8s.io", "ingresses"): Rules(
        prepare=services.prepare_ingress, validate=services.validate_ingress
    ),
    ("networking.k8s.io", "networkpolicies"): Rules(default=services.default_network_policy),
    ("storage.k8s.io", "storageclasses"): Rules(default=plain.default_storage_class),
    ("scheduling.k8s.io", "priorityclasses"): Rules(default=plain.default_priority_class),
    (_RBAC, "roles"): Rules(
        default=access.default_role, validate=access.validate_role, admit=access.admit_role
    ),
    (_RBAC, "clusterroles"): Rules(
        default=access.default_role, validate=access.validate_role, admit=access.admit_role
    ),
    (_RBAC, "rolebindings"): Rules(
        default=access.default_binding,
        validate=access.validate_binding,
        admit=access.admit_binding,
    ),
    (_RBAC, "clusterrolebindings"): Rules(
        default=access.default_binding,
        validate=access.validate_binding,
        admit=access.admit_binding,
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions"): Rules(
        default=definitions.default_definition,
        prepare=definitions.prepare_definition,
        validate=definitions.validate_definition,
    ),
}

NO_RULES = Rules()

_ZEROS = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
_BUDGET = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")

# The status of a new object before any controller saw it, where Go writes more than `{}`.
FIRST_STATUS: dict[Key, Object] = {
    ("", "replicationcontrollers"): {"replicas": 0},
    ("apps", "replicasets"): {"replicas": 0},
    ("apps", "statefulsets"): {"replicas": 0, "availableReplicas": 0},
    ("apps", "daemonsets"): dict.fromkeys(_ZEROS, 0),
    ("policy", "poddisruptionbudgets"): dict.fromkeys(_BUDGET, 0),
    ("autoscaling", "horizontalpodautoscalers"): {"desiredReplicas": 0, "currentMetrics": None},
}
