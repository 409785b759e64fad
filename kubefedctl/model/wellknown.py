"""
The addresses of the API resources that the program itself reads and writes.

Here: a `Resource` for each, under the version that is asked for, and the constants of KubeFed's own
API groups. Not here: types that users federate; those come from discovery and from type configs.
"""

from __future__ import annotations

from kubefedctl.model.refs import Resource

CORE_GROUP = "core.kubefed.io"
CORE_VERSION = "v1beta1"
VERSIONS_VERSION = "v1alpha1"
SCHEDULING_GROUP = "scheduling.kubefed.io"
SCHEDULING_VERSION = "v1alpha1"
FEDERATED_GROUP = "types.kubefed.io"
FEDERATED_VERSION = "v1beta1"
RBAC_GROUP = "rbac.authorization.k8s.io"

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
SECRETS = Resource("", "v1", "secrets", "Secret", True)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
SERVICES = Resource("", "v1", "services", "Service", True)
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True)
PODS = Resource("", "v1", "pods", "Pod", True)
NODES = Resource("", "v1", "nodes", "Node", False)
EVENTS = Resource("", "v1", "events", "Event", True)
ENDPOINTS = Resource("", "v1", "endpoints", "Endpoints", True)

LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease", True)

CLUSTER_ROLES = Resource(RBAC_GROUP, "v1", "clusterroles", "ClusterRole", False)
CLUSTER_ROLE_BINDINGS = Resource(
    RBAC_GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", False
)
ROLES = Resource(RBAC_GROUP, "v1", "roles", "Role", True)
ROLE_BINDINGS = Resource(RBAC_GROUP, "v1", "rolebindings", "RoleBinding", True)

CRDS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)

_ADMISSION_GROUP = "admissionregistration.k8s.io"
VALIDATING_WEBHOOKS = Resource(
    _ADMISSION_GROUP,
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    False,
)
MUTATING_WEBHOOKS = Resource(
    _ADMISSION_GROUP,
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    False,
)

KUBEFED_CLUSTERS = Resource(CORE_GROUP, CORE_VERSION, "kubefedclusters", "KubeFedCluster", True)
KUBEFED_CONFIGS = Resource(CORE_GROUP, CORE_VERSION, "kubefedconfigs", "KubeFedConfig", True)
TYPE_CONFIGS = Resource(
    CORE_GROUP, CORE_VERSION, "federatedtypeconfigs", "FederatedTypeConfig", True
)
PROPAGATED_VERSIONS = Resource(
    CORE_GROUP, VERSIONS_VERSION, "propagatedversions", "PropagatedVersion", True
)
CLUSTER_PROPAGATED_VERSIONS = Resource(
    CORE_GROUP, VERSIONS_VERSION, "clusterpropagatedversions", "ClusterPropagatedVersion", False
)
FEDERATED_SERVICE_STATUSES = Resource(
    CORE_GROUP, VERSIONS_VERSION, "federatedservicestatuses", "FederatedServiceStatus", True
)
REPLICA_SCHEDULING_PREFERENCES = Resource(
    SCHEDULING_GROUP,
    SCHEDULING_VERSION,
    "replicaschedulingpreferences",
    "ReplicaSchedulingPreference",
    True,
)
