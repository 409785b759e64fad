"""
KubeFed's words for how things stand, spelled as it writes them into statuses.

Upstream: pkg/controller/sync/status/status.go and pkg/apis/core/common/constants.go @ v0.10.0.
"""

from __future__ import annotations

from enum import StrEnum


class PropagationStatus(StrEnum):
    """How one federated object stands in one member cluster; OK is written as no status."""

    OK = ""
    WAITING_FOR_REMOVAL = "WaitingForRemoval"
    CLUSTER_NOT_READY = "ClusterNotReady"
    CACHED_RETRIEVAL_FAILED = "CachedRetrievalFailed"
    COMPUTE_RESOURCE_FAILED = "ComputeResourceFailed"
    APPLY_OVERRIDES_FAILED = "ApplyOverridesFailed"
    CREATION_FAILED = "CreationFailed"
    UPDATE_FAILED = "UpdateFailed"
    DELETION_FAILED = "DeletionFailed"
    LABEL_REMOVAL_FAILED = "LabelRemovalFailed"
    RETRIEVAL_FAILED = "RetrievalFailed"
    ALREADY_EXISTS = "AlreadyExists"
    FIELD_RETENTION_FAILED = "FieldRetentionFailed"
    VERSION_RETRIEVAL_FAILED = "VersionRetrievalFailed"
    CLIENT_RETRIEVAL_FAILED = "ClientRetrievalFailed"
    MANAGED_LABEL_FALSE = "ManagedLabelFalse"
    CREATION_TIMED_OUT = "CreationTimedOut"
    UPDATE_TIMED_OUT = "UpdateTimedOut"
    DELETION_TIMED_OUT = "DeletionTimedOut"
    LABEL_REMOVAL_TIMED_OUT = "LabelRemovalTimedOut"


class AggregateReason(StrEnum):
    """Why the Propagation condition of a federated object is False; SUCCESS is written as none."""

    SUCCESS = ""
    CLUSTER_RETRIEVAL_FAILED = "ClusterRetrievalFailed"
    COMPUTE_PLACEMENT_FAILED = "ComputePlacementFailed"
    CHECK_CLUSTERS = "CheckClusters"
    NAMESPACE_NOT_FEDERATED = "NamespaceNotFederated"


class ClusterCondition(StrEnum):
    """Condition types of a KubeFedCluster."""

    READY = "Ready"
    OFFLINE = "Offline"
    CONFIG_MALFORMED = "ConfigMalformed"


class ClusterReason(StrEnum):
    """Condition reasons of a KubeFedCluster."""

    READY = "ClusterReady"
    NOT_READY = "ClusterNotReady"
    NOT_REACHABLE = "ClusterNotReachable"
    REACHABLE = "ClusterReachable"
    CONFIG_MALFORMED = "ClusterConfigMalformed"


class ControllerStatus(StrEnum):
    """What a FederatedTypeConfig says of its controllers."""

    RUNNING = "Running"
    NOT_RUNNING = "NotRunning"


class Scope(StrEnum):
    """`KubeFedConfig.spec.scope`: the whole cluster, or the KubeFed namespace alone."""

    CLUSTER = "Cluster"
    NAMESPACED = "Namespaced"
