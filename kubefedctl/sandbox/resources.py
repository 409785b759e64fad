"""
The table of served resources: names, scope, verbs and subresources of each.

What belongs here: what discovery tells about a resource, and which traits its storage has
(generation, unconditional update). What does not: fields, defaults and rules of a kind.

Upstream: pkg/registry/*/rest/storage_*.go and the strategies beside them (v1.34).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

STANDARD_VERBS = (
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
)
CREATE_ONLY = ("create",)

Key = tuple[str, str]
"""Group and plural: what is stored once, whatever the versions it is served in."""


@dataclass(frozen=True, slots=True)
class Subresource:
    """A part of an object with an address of its own."""

    name: str
    kind: str
    verbs: tuple[str, ...] = ("get", "patch", "update")
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource in one version."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str = ""
    list_kind: str = ""
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = STANDARD_VERBS
    subresources: tuple[Subresource, ...] = ()
    generation: bool = False
    unconditional_update: bool = True
    create_on_update: bool = False
    returns_deleted: bool = False
    custom: bool = False

    @property
    def key(self) -> Key:
        """The storage key, common to all versions."""
        return (self.group, self.plural)

    @property
    def qualified(self) -> str:
        """The name in messages: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """The apiVersion of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def has_status(self) -> bool:
        """Whether status is written by its own address only."""
        return any(item.name == "status" for item in self.subresources)

    @property
    def listing_kind(self) -> str:
        """The kind of a list of it."""
        return self.list_kind or f"{self.kind}List"

    def subresource(self, name: str) -> Subresource | None:
        """Return the subresource of that name, or None."""
        return next((item for item in self.subresources if item.name == name), None)


def status(kind: str) -> Subresource:
    """Return the status subresource of a kind."""
    return Subresource("status", kind)


SCALE = Subresource("scale", "Scale", group="autoscaling", version="v1")


def _workload(group: str, plural: str, kind: str, *, short: str, scale: bool) -> Resource:
    subresources = (SCALE, status(kind)) if scale else (status(kind),)
    return Resource(
        group=group,
        version="v1",
        plural=plural,
        kind=kind,
        short_names=(short,) if short else (),
        categories=("all",),
        subresources=subresources,
        generation=True,
    )


def _core() -> Iterator[Resource]:
    def core(plural: str, kind: str, **traits: object) -> Resource:
        return Resource(group="", version="v1", plural=plural, kind=kind, **traits)  # type: ignore[arg-type]

    def with_status(plural: str, kind: str, **traits: object) -> Resource:
        return core(plural, kind, subresources=(status(kind),), **traits)

    yield core("configmaps", "ConfigMap", short_names=("cm",))
    yield core("endpoints", "Endpoints", short_names=("ep",), singular="endpoints")
    yield core("events", "Event", short_names=("ev",), create_on_update=True)
    yield core("limitranges", "LimitRange", short_names=("limits",), returns_deleted=True)
    yield core(
        "namespaces",
        "Namespace",
        namespaced=False,
        short_names=("ns",),
        verbs=tuple(verb for verb in STANDARD_VERBS if verb != "deletecollection"),
        subresources=(Subresource("finalize", "Namespace", ("update",)), status("Namespace")),
    )
    yield with_status("nodes", "Node", namespaced=False, short_names=("no",))
    yield with_status(
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
        short_names=("pvc",),
        returns_deleted=True,
    )
    yield with_status(
        "persistentvolumes",
        "PersistentVolume",
        namespaced=False,
        short_names=("pv",),
        returns_deleted=True,
    )
    yield with_status(
        "pods", "Pod", short_names=("po",), categories=("all",), returns_deleted=True,
        generation=True,
    )  # fmt: skip
    yield core("podtemplates", "PodTemplate", returns_deleted=True, generation=True)
    yield _workload("", "replicationcontrollers", "ReplicationController", short="rc", scale=True)
    yield with_status(
        "resourcequotas", "ResourceQuota", short_names=("quota",), returns_deleted=True
    )
    yield core("secrets", "Secret")
    yield core(
        "serviceaccounts",
        "ServiceAccount",
        short_names=("sa",),
        returns_deleted=True,
        subresources=(
            Subresource("token", "TokenRequest", CREATE_ONLY, "authentication.k8s.io", "v1"),
        ),
    )
    yield with_status(
        "services", "Service", short_names=("svc",), categories=("all",), returns_deleted=True
    )


def _workloads() -> Iterator[Resource]:
    yield Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
    yield _workload("apps", "daemonsets", "DaemonSet", short="ds", scale=False)
    yield _workload("apps", "deployments", "Deployment", short="deploy", scale=True)
    yield _workload("apps", "replicasets", "ReplicaSet", short="rs", scale=True)
    yield _workload("apps", "statefulsets", "StatefulSet", short="sts", scale=True)
    yield _workload("batch", "cronjobs", "CronJob", short="cj", scale=False)
    yield _workload("batch", "jobs", "Job", short="", scale=False)
    yield Resource(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        subresources=(status("HorizontalPodAutoscaler"),),
    )
    yield Resource(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        short_names=("pdb",),
        subresources=(status("PodDisruptionBudget"),),
        generation=True,
    )


def _rbac() -> Iterator[Resource]:
    group = "rbac.authorization.k8s.io"
    for plural, kind, namespaced in (
        ("clusterrolebindings", "ClusterRoleBinding", False),
        ("clusterroles", "ClusterRole", False),
        ("rolebindings", "RoleBinding", True),
        ("roles", "Role", True),
    ):
        yield Resource(group, "v1", plural, kind, namespaced=namespaced, create_on_update=True)


def _network_and_storage() -> Iterator[Resource]:
    net, storage = "networking.k8s.io", "storage.k8s.io"
    yield Resource(net, "v1", "ingressclasses", "IngressClass", namespaced=False, generation=True)
    yield Resource(
        net, "v1", "ingresses", "Ingress", short_names=("ing",), generation=True,
        subresources=(status("Ingress"),),
    )  # fmt: skip
    yield Resource(
        net, "v1", "networkpolicies", "NetworkPolicy", short_names=("netpol",), generation=True
    )
    yield Resource(
        storage, "v1", "storageclasses", "StorageClass", namespaced=False, short_names=("sc",),
        returns_deleted=True,
    )  # fmt: skip
    yield Resource(
        "coordination.k8s.io", "v1", "leases", "Lease",
        unconditional_update=False, create_on_update=True,
    )  # fmt: skip
    yield Resource(
        "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", generation=True
    )  # fmt: skip
    yield Resource(
        "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass",
        namespaced=False, short_names=("pc",), generation=True,
    )  # fmt: skip


def _reviews() -> Iterator[Resource]:
    authz, authn = "authorization.k8s.io", "authentication.k8s.io"
    for group, plural, kind, namespaced in (
        (authn, "selfsubjectreviews", "SelfSubjectReview", False),
        (authn, "tokenreviews", "TokenReview", False),
        (authz, "localsubjectaccessreviews", "LocalSubjectAccessReview", True),
        (authz, "selfsubjectaccessreviews", "SelfSubjectAccessReview", False),
        (authz, "selfsubjectrulesreviews", "SelfSubjectRulesReview", False),
        (authz, "subjectaccessreviews", "SubjectAccessReview", False),
    ):
        yield Resource(group, "v1", plural, kind, namespaced=namespaced, verbs=CREATE_ONLY)


def _definitions() -> Iterator[Resource]:
    yield Resource(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources=(status("CustomResourceDefinition"),),
        generation=True,
        unconditional_update=False,
    )


def builtin_resources() -> tuple[Resource, ...]:
    """Return every resource that is served before any CustomResourceDefinition is created."""
    parts = (_core(), _workloads(), _rbac(), _network_and_storage(), _reviews(), _definitions())
    return tuple(item for part in parts for item in part)


class ResourceTable:
    """
    The resources of one cluster, by group, version and plural.

    The order of groups is that of the real server: core and built-in ones first, then
    custom ones by name.
    """

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._served: dict[tuple[str, str, str], Resource] = {}
        self.revision = 0
        for resource in resources or builtin_resources():
            self._served[resource.group, resource.version, resource.plural] = resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._served.values()))

    def lookup(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at that address, or None."""
        return self._served.get((group, version, plural))

    def by_kind(self, group: str, version: str, kind: str) -> Resource | None:
        """Return the resource of that kind, or None."""
        found = (
            item
            for item in self._served.values()
            if (item.group, item.version, item.kind) == (group, version, kind)
        )
        return next(found, None)

    def by_key(self, key: Key) -> Resource | None:
        """Return the resource (in the first version served) of a storage key, or None."""
        return next((item for item in self._served.values() if item.key == key), None)

    def keys(self) -> list[Key]:
        """Return the storage keys of all resources that can be listed."""
        return list(dict.fromkeys(item.key for item in self if "list" in item.verbs))

    def has_version(self, group: str, version: str) -> bool:
        """Return whether anything is served in that group and version."""
        return any((item.group, item.version) == (group, version) for item in self)

    def replace_key(self, key: Key, resources: Iterable[Resource]) -> None:
        """Serve *resources* as the versions of *key*, and none besides."""
        for address in [item for item in self._served if (item[0], item[2]) == key]:
            del self._served[address]
        for resource in resources:
            self._served[resource.group, resource.version, resource.plural] = resource
        self.revision += 1
