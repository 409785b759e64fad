"""
How things are named: API resources, keys, subjects.

Here: the address of an API resource, the namespace/name of an object in it, and the one format in
which a person reads it. Not here: what an object holds (`objects`), which types are federated
(`typeconfigs`).

Laws:
1. `Subject` is the only place that writes `Kind/namespace/name`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as JSON gives it. The only alias under which `Any` travels."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Namespace and name of an object; the namespace is empty for cluster-scoped ones."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """
    The address of an API resource: enough to build its URL and to name its objects.

    Args:
        group: API group; empty for the core group.
        version: API version, such as `v1`.
        plural: Lower-case plural, as in URLs.
        kind: Kind of its objects.
        namespaced: Whether its objects live in namespaces.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """`group/version`, or the bare version in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """`plural.group`, or the bare plural in the core group: how CRDs are named."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """
        Return the URL path of the collection, of one object, or of its subresource.

        >>> Resource("apps", "v1", "deployments", "Deployment", True).path(namespace="a", name="b")
        '/apis/apps/v1/namespaces/a/deployments/b'
        """
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)

    def subject(self, key: Key) -> Subject:
        """Name the object *key* of this resource."""
        namespace = key.namespace if self.namespaced else ""
        return Subject(self.kind, namespace, key.name, self.group)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """
    An object as messages name it: `Deployment/shop/web`, `Namespace/shop`.

    Args:
        kind: Its kind.
        namespace: Its namespace; empty for cluster-scoped ones.
        name: Its name.
        group: API group of its type, for programs; messages do without.
    """

    kind: str
    namespace: str
    name: str
    group: str = field(default="", compare=False)

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    def within(self, cluster: str) -> str:
        """
        Name the object together with the cluster it is in; alone where that is empty, as in a file.

        >>> Subject("Deployment", "shop", "web").within("eu-1")
        'Deployment/shop/web in cluster eu-1'
        """
        return f"{self} in cluster {cluster}" if cluster else str(self)


def split_api_version(api_version: str) -> tuple[str, str]:
    """
    Split `group/version` into both; the core group's `v1` has an empty group.

    >>> split_api_version("apps/v1"), split_api_version("v1"), split_api_version("/v1")
    (('apps', 'v1'), ('', 'v1'), ('', 'v1'))
    """
    group, _, version = api_version.rpartition("/")
    return group, version
