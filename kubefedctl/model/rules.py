"""
The rules of `check`, each with its number, its severity and what it means.

Numbers go by what a rule is about: 1 the host, 2 members, 3 credentials, 4 types, 5 federated
objects and their copies, 9 what could not be looked at.
"""

from __future__ import annotations

from kubefedctl.model.findings import Rule, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

NO_CONTROL_PLANE = Rule(
    "KF101",
    "NoControlPlane",
    _ERROR,
    "The host does not serve KubeFed's API.",
    "Nothing can be joined or federated before it is installed.",
)
CONTROL_PLANE_UNUSABLE = Rule(
    "KF102",
    "ControlPlaneUnusable",
    _ERROR,
    "KubeFed's objects in the host are missing, cannot be used, or may not be read.",
    "No sync runs until that is mended, and nothing more can be looked at.",
)
CONTROL_PLANE_OUTDATED = Rule(
    "KF103",
    "ControlPlaneOutdated",
    _WARNING,
    "A CustomResourceDefinition of KubeFed's own types is missing or older than this kubefedctl.",
    "Fields that it does not know are dropped when objects are written.",
)
CONTROL_PLANE_IRREGULAR = Rule(
    "KF104",
    "ControlPlaneIrregular",
    _WARNING,
    "A KubeFed object holds what an API server would refuse today, or the KubeFedConfig is absent.",
    "The object takes no other change until it is mended; without a KubeFedConfig defaults count.",
)
HOST_FORBIDS = Rule(
    "KF105",
    "HostForbids",
    _ERROR,
    "You may not do in the host what a sync does there.",
    "A sync would fail in the middle.",
)
CONTROLLER_MANAGER_RUNS = Rule(
    "KF106",
    "ControllerManagerRuns",
    _WARNING,
    "KubeFed's own controller-manager is deployed or holds its lock.",
    "It and a sync take turns; a sync waits for it or is refused.",
)
LOCK_LEFT_BEHIND = Rule(
    "KF107",
    "LockLeftBehind",
    _NOTE,
    "The lock of a sync is held by a run that has not renewed it for long.",
    "The next sync waits until it has seen the lock unchanged for its duration, and takes it.",
)
HOST_OLD = Rule(
    "KF108",
    "HostOld",
    _NOTE,
    "The host is older than Kubernetes 1.25.",
    "It checks KubeFed's objects by their schemas alone, not by the rules across fields.",
)
NO_CLUSTERS = Rule(
    "KF109",
    "NoClusters",
    _WARNING,
    "No member cluster is joined.",
    "There is nothing to propagate to.",
)
WEBHOOK_DEAD = Rule(
    "KF110",
    "WebhookDead",
    _ERROR,
    "KubeFed's admission webhook is registered in the host, and no Pod of it is ready.",
    "Every change of KubeFed's own objects is refused; the checks of the definitions replace it.",
)

CLUSTER_UNUSABLE = Rule(
    "KF201",
    "ClusterUnusable",
    _ERROR,
    "The registration of a member cannot be used: endpoint, CA, Secret or token.",
    "The member gets no changes, and its objects stand as ClusterNotReady.",
)
CLUSTER_UNREACHABLE = Rule(
    "KF202",
    "ClusterUnreachable",
    _ERROR,
    "A member does not answer from here.",
    "It gets no changes until it answers.",
)
CLUSTER_UNHEALTHY = Rule(
    "KF203",
    "ClusterUnhealthy",
    _ERROR,
    "A member answers that it is not healthy.",
    "It gets no changes until it is.",
)
CLUSTER_STATUS_STALE = Rule(
    "KF204",
    "ClusterStatusStale",
    _NOTE,
    "The host still records a member as not ready that answers well.",
    "The next sync records it as ready.",
)
LOOPBACK_ENDPOINT = Rule(
    "KF205",
    "LoopbackEndpoint",
    _WARNING,
    "The recorded API endpoint of a member is a loopback address, and the host's is none.",
    "It is reached from this machine at best, not from the host or from a CI job.",
)
TLS_UNCHECKED = Rule(
    "KF206",
    "TlsUnchecked",
    _NOTE,
    "The registration of a member switches off a check of its certificate.",
    "Somebody else could answer in its place and would be shown the token.",
)
CLUSTER_JOINED_TWICE = Rule(
    "KF207",
    "ClusterJoinedTwice",
    _WARNING,
    "Two members have the same API endpoint.",
    "Each object is propagated twice to one cluster, and two placements contradict each other.",
)
CLUSTER_DRAINING = Rule(
    "KF208",
    "ClusterDraining",
    _NOTE,
    "A member still has the label of a drain.",
    "No workload is placed there that can be elsewhere.",
)
MEMBER_FORBIDS = Rule(
    "KF209",
    "MemberForbids",
    _ERROR,
    "The account of a member may not do there what a sync does.",
    "Objects of the types concerned fail in that member.",
)
MEMBER_OLD = Rule(
    "KF210",
    "MemberOld",
    _WARNING,
    "A member is older than Kubernetes 1.22.",
    "Server-side apply is not stable there; --strategy replace does without.",
)
VERSION_SKEW = Rule(
    "KF211",
    "VersionSkew",
    _NOTE,
    "Versions of host and member are more than three minor versions apart.",
    "Templates may have fields that the member does not know, and drops.",
)
DISCOVERY_INCOMPLETE = Rule(
    "KF212",
    "DiscoveryIncomplete",
    _WARNING,
    "A part of a cluster's API does not answer.",
    "Types of that part cannot be found or synced; mostly an APIService without its server.",
)

CREDENTIAL_ENDED = Rule(
    "KF301",
    "CredentialEnded",
    _ERROR,
    "A token or certificate has ended.",
    "Requests that need it are refused.",
)
CREDENTIAL_ENDS_SOON = Rule(
    "KF302",
    "CredentialEndsSoon",
    _WARNING,
    "A token ends within 7 days, or a certificate within 30.",
    "Requests that need it will be refused from then on.",
)

FEDERATED_TYPE_MISSING = Rule(
    "KF401",
    "FederatedTypeMissing",
    _ERROR,
    "The host does not serve the federated type of a FederatedTypeConfig.",
    "Nothing of the type is propagated.",
)
TYPE_CONFIGURED_TWICE = Rule(
    "KF402",
    "TypeConfiguredTwice",
    _ERROR,
    "Two FederatedTypeConfigs are about one type.",
    "Both would write, or take away, the same objects.",
)
TYPE_NOT_SYNCED = Rule(
    "KF403",
    "TypeNotSynced",
    _ERROR,
    "A type that is enabled cannot be synced.",
    "Its objects stay as they are.",
)
TYPE_NOT_SERVED = Rule(
    "KF404",
    "TypeNotServed",
    _ERROR,
    "A member does not serve a federated type in the version that the host propagates.",
    "No object of the type can be written there.",
)
TYPE_UNREADABLE = Rule(
    "KF405",
    "TypeUnreadable",
    _ERROR,
    "The objects of a type could not be listed in a member.",
    "Nothing of the type is changed there.",
)

NAMESPACE_NOT_FEDERATED = Rule(
    "KF501",
    "NamespaceNotFederated",
    _ERROR,
    "Federated objects are in a namespace that has no FederatedNamespace.",
    "They are propagated nowhere.",
)
NAMESPACE_EXCLUDES = Rule(
    "KF502",
    "NamespaceExcludes",
    _WARNING,
    "Objects select clusters that the placement of their namespace leaves out.",
    "They are not propagated there, and no status says so.",
)
PLACEMENT_INVALID = Rule(
    "KF503",
    "PlacementInvalid",
    _ERROR,
    "The placement of a federated object cannot be read.",
    "The object is propagated nowhere.",
)
SELECTOR_MATCHES_NOTHING = Rule(
    "KF504",
    "SelectorMatchesNothing",
    _WARNING,
    "The clusterSelector of a federated object matches no member.",
    "The object is in no cluster.",
)
NEVER_PLACED = Rule(
    "KF505",
    "NeverPlaced",
    _WARNING,
    "A federated object names no member and has no selector.",
    "The object is in no cluster.",
)
PLACEMENT_UNKNOWN_CLUSTER = Rule(
    "KF506",
    "PlacementUnknownCluster",
    _WARNING,
    "A placement names a cluster that is not joined.",
    "It has no effect until a cluster of that name is joined.",
)
OVERRIDE_MISFIT = Rule(
    "KF507",
    "OverrideMisfit",
    _ERROR,
    "Overrides cannot be read, or do not fit the template.",
    "The object is not written in the clusters concerned.",
)
OVERRIDE_UNKNOWN_CLUSTER = Rule(
    "KF508",
    "OverrideUnknownCluster",
    _WARNING,
    "Overrides are for a cluster that is not joined.",
    "They have no effect; mostly the name is mistyped.",
)
OVERRIDE_UNUSED = Rule(
    "KF509",
    "OverrideUnused",
    _NOTE,
    "Overrides are for a cluster in which the object is not placed.",
    "They have no effect.",
)
TEMPLATE_INVALID = Rule(
    "KF510",
    "TemplateInvalid",
    _ERROR,
    "The template of a federated object makes no object.",
    "The object is written nowhere.",
)
NAMESPACE_MISNAMED = Rule(
    "KF511",
    "NamespaceMisnamed",
    _WARNING,
    "A FederatedNamespace is not named like the namespace that it is in.",
    "It is ignored.",
)
DELETION_STUCK = Rule(
    "KF512",
    "DeletionStuck",
    _WARNING,
    "An object of the host has been in deletion for more than 10 minutes.",
    "Its finalizers hold it: a sync lets go of KubeFed's once the members are rid of it.",
)
MEMBER_DELETION_STUCK = Rule(
    "KF513",
    "MemberDeletionStuck",
    _WARNING,
    "A propagated object has been in deletion in a member for more than 10 minutes.",
    "Its finalizers hold it, and until it is gone nothing takes its place.",
)
ORPHAN = Rule(
    "KF514",
    "Orphan",
    _WARNING,
    "An object in a member has KubeFed's label, and no federated object claims it.",
    "The next sync takes the label off and leaves the object.",
)
VERSION_LEFT_BEHIND = Rule(
    "KF515",
    "VersionLeftBehind",
    _NOTE,
    "A version object remembers a federated object that is gone.",
    "It does no harm until an object of the same name is federated.",
)
PREFERENCE_IN_DOUBT = Rule(
    "KF516",
    "PreferenceInDoubt",
    _WARNING,
    "A ReplicaSchedulingPreference is not followed, or on numbers that may change.",
    "Replicas stay as they are spread, or are spread again later.",
)

NOT_CHECKED = Rule(
    "KF901",
    "NotChecked",
    _NOTE,
    "Something could not be looked at.",
    "What is wrong there is not among the findings.",
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (found for found in list(globals().values()) if isinstance(found, Rule)), key=lambda r: r.id
    )
)
"""Every rule, sorted by number."""
