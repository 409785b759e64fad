"""
A federation that many scenarios share, each in a namespace of its own.

Raising one takes seconds, a scenario takes less; so it is raised once for a module. What a scenario
federated is taken away at its end, so that the syncs of the next one have nothing to do with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.compat.originals import eventually
from tests.e2e.clusters import KNS, Api, Clusters, Ran
from tests.e2e.federated import (
    CLUSTER_SCOPED,
    CUSTOM_TARGETS,
    TARGETS,
    TEMPLATES,
    federate,
    federated_path,
    target_path,
)
from tests.e2e.test_main_job import CORE, make_widget_crd

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIG = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedconfigs/kubefed"
REGISTRATIONS = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters"
TYPE_CONFIGS = f"{CORE}/v1beta1/namespaces/{KNS}/federatedtypeconfigs"
KUBEFEDS_OWN_WAY = ("--strategy", "replace")
"""The flags that make `sync` write members as KubeFed's controllers do."""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ground:
    """
    One scenario's part of a federation.

    Args:
        fleet: cluster0, cluster1 (the host, a member too) and cluster2, all joined.
        namespace: A namespace of the host that no other scenario uses.
    """

    fleet: Clusters
    namespace: str

    @property
    def host(self) -> Api:
        """The host cluster."""
        return self.fleet.host

    def member(self, number: int) -> Api:
        """Return the member `cluster<number>`."""
        return self.fleet.api(f"cluster{number}")

    def federate(self, kind: str, name: str = "x", template: Any = None, **more: Any) -> Any:
        """Federate an object, with the usual template of its kind if none is given."""
        given = TEMPLATES[kind] if template is None else template
        return federate(self.host, kind, name, given, namespace=self.namespace, **more)

    def federate_namespace(self, **more: Any) -> Any:
        """Federate the namespace itself."""
        return self.federate("Namespace", self.namespace, {}, **more)

    def sync(self, *flags: str, code: int | None = 0) -> Ran:
        """Bring the members in step."""
        return self.fleet.run("sync", *KUBEFEDS_OWN_WAY, "--timeout", "20s", *flags, code=code)

    def get(self, number: int, kind: str, name: str = "x") -> Any:
        """Return a member's object; None where there is none."""
        return self.member(number).get(target_path(kind, name, namespace=self.namespace))

    def make(self, number: int, kind: str, body: Any = None, **metadata: Any) -> Any:
        """Let somebody create an object in a member, called `x` unless *metadata* says else."""
        given = {**(TEMPLATES[kind] if body is None else body), "metadata": {"name": "x"}}
        given["metadata"] |= metadata
        return self.member(number).create(target_path(kind, namespace=self.namespace), given)

    def make_namespace(self, number: int, **metadata: Any) -> Any:
        """Let somebody create the namespace in a member."""
        body = {"metadata": {"name": self.namespace, **metadata}}
        return self.member(number).create("/api/v1/namespaces", body)

    def edit(self, number: int, kind: str, patch: Any, name: str = "x") -> Any:
        """Let somebody change an object in a member."""
        return self.member(number).merge(target_path(kind, name, namespace=self.namespace), patch)

    def path(self, kind: str, name: str = "x") -> str:
        """Return where a federated object is."""
        return federated_path(kind, name, namespace=self.namespace)

    def change(self, kind: str, spec: Any, name: str = "x") -> Any:
        """Change the spec of a federated object."""
        return self.host.merge(self.path(kind, name), {"spec": spec})

    def delete(self, kind: str, name: str = "x") -> None:
        """Delete a federated object; its finalizer holds it until a sync."""
        self.host.delete(self.path(kind, name))

    def holders(self, kind: str, name: str = "x") -> list[int]:
        """Return the numbers of the clusters that have an object of that name."""
        return [number for number in range(3) if self.get(number, kind, name) is not None]

    def told(self, kind: str, name: str = "x") -> tuple[str, str, dict[str, str]]:
        """Return status and reason of the condition, and what is said of each cluster."""
        found = self.host.get(self.path(kind, name))
        status = found["status"]
        assert found["metadata"]["generation"] == status["observedGeneration"]
        (condition,) = status["conditions"]
        entries = {one["name"]: one.get("status", "") for one in status.get("clusters", [])}
        return condition["status"], condition.get("reason", ""), entries

    def versions(self, kind: str, name: str = "x") -> Any:
        """Return the version object of a federated object; None where there is none."""
        called = f"{kind.lower()}-{name}"
        if kind in CLUSTER_SCOPED:
            return self.host.get(f"{CORE}/v1alpha1/clusterpropagatedversions/{called}")
        path = f"{CORE}/v1alpha1/namespaces/{self.namespace}/propagatedversions/{called}"
        return self.host.get(path)

    def recorded(self, kind: str, name: str = "x") -> dict[str, str]:
        """Return the recorded version of each cluster."""
        status = self.versions(kind, name)["status"]
        return {one["clusterName"]: one["version"] for one in status.get("clusterVersions", [])}


ALL_WELL = ("True", "", {"cluster0": "", "cluster1": "", "cluster2": ""})
"""What `Ground.told` says of an object that is in step everywhere."""


def version_of(obj: Any) -> str:
    """Return the version by which KubeFed knows an object."""
    metadata = obj["metadata"]
    generation = metadata.get("generation")
    return f"gen:{generation}" if generation else f"rv:{metadata['resourceVersion']}"


def raise_federation(fleet: Clusters) -> Clusters:
    """Join all clusters, and enable two custom types that all of them know, beside the ten."""
    fleet.set_up()
    for name in fleet.names:
        for crd in CUSTOM_CRDS:
            fleet.api(name).create(CRDS, crd)
    for name in fleet.names:
        for root, plural in CUSTOM_TARGETS.values():
            await_served(fleet.api(name), f"{root}/{plural}")
    fleet.run("enable", "widgets", "clusterwidgets")
    return fleet


def await_served(api: Api, path: str) -> None:
    """Wait until a new CRD is served: its storage takes a moment, and says 404 and 429."""
    eventually(lambda: api.endpoint.send("GET", path).status == 200)


def _make_cluster_crd() -> dict[str, Any]:
    crd = make_widget_crd()
    crd["metadata"]["name"] = "clusterwidgets.example.com"
    names = {"plural": "clusterwidgets", "singular": "clusterwidget", "kind": "ClusterWidget"}
    crd["spec"] |= {"scope": "Cluster", "names": names}
    return crd


CUSTOM_CRDS = (make_widget_crd(), _make_cluster_crd())
"""The CRDs of the two custom types."""


@contextmanager
def stand_on(fleet: Clusters) -> Iterator[Ground]:
    """Give a scenario a namespace, and take away at the end what it federated."""
    ground = Ground(fleet, f"scene-{next(_numbers)}")
    ground.host.create("/api/v1/namespaces", {"metadata": {"name": ground.namespace}})
    yield ground
    for kind in (*TARGETS, *CUSTOM_TARGETS):
        _forget(fleet.host, federated_path(kind, namespace=ground.namespace))
    ground.sync(code=None)


def _forget(host: Api, collection: str) -> None:
    """Delete all federated objects of a collection, and let go what nobody would finalize."""
    for name in host.names(collection):
        host.delete(f"{collection}/{name}")


@contextmanager
def altered(host: Api, path: str, patch: Any, *, back: Any) -> Iterator[None]:
    """Let an object of the control plane be otherwise for a while."""
    host.merge(path, patch)
    try:
        yield
    finally:
        host.merge(path, back)


Scenario = Callable[[Ground], None]
