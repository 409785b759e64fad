"""
The original programs and ours on the same real control planes.

What both leave behind is compared field by field, and each takes over what the other made. The
tests are skipped where `KUBEFED_ASSETS` names no folder with both programs, with `CI=true` too.
Departures that docs/compatibility.md tells are in one table each.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kubefedctl.manifests import load_objects
from tests.compat.departures import ENABLE_REFUSED, FEDERATE_DEPARTURES, apply_departure
from tests.compat.originals import Original, eventually, find_originals, listable, strip
from tests.compat.samples import SAMPLES
from tests.e2e.clusters import KNS, Clusters
from tests.e2e.test_main_job import DEPLOYMENTS, SHOP, TYPES, make_deployment

FOLDER = find_originals(os.environ)
if FOLDER is None:
    pytest.skip(
        "KUBEFED_ASSETS names no folder with the original programs", allow_module_level=True
    )
pytestmark = pytest.mark.real(clusters=2)
CORE = "/apis/core.kubefed.io"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
INSIDE = f"/api/v1/namespaces/{KNS}"
ROLE = "kubefed-controller-manager:cluster0-cluster1"
HEALTH = f"kubefed-controller-manager:{KNS}:healthcheck-cluster0-cluster1"
MEMBER_PATHS = (
    INSIDE,
    f"{INSIDE}/serviceaccounts/cluster0-cluster1",
    f"{INSIDE}/secrets/cluster0-cluster1",
    *(f"{RBAC}/{kind}/{name}" for kind in ("clusterroles", "clusterrolebindings")
      for name in (ROLE, HEALTH)),
    *(f"{RBAC}/namespaces/{KNS}/{kind}/{ROLE}" for kind in ("roles", "rolebindings")),
)  # fmt: skip
REGISTRATION = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TYPE_CONFIGS = f"{CORE}/v1beta1/namespaces/{KNS}/federatedtypeconfigs"


@pytest.fixture
def fleet(real_fleet: Clusters) -> Clusters:
    """cluster1, the host and a member, and cluster0."""
    return real_fleet


@pytest.fixture
def original(fleet: Clusters) -> Original:
    """The original kubefedctl on the same fleet."""
    assert FOLDER is not None  # or the module was skipped
    return Original(FOLDER, fleet)


def _member(fleet: Clusters) -> dict[str, Any]:
    found = {path: strip(fleet.api("cluster0").get(path)) for path in MEMBER_PATHS}
    return {path: obj for path, obj in found.items() if obj is not None}


def _host(fleet: Clusters) -> Any:
    """The registration and its Secret, under another name each time."""
    registration = strip(fleet.host.get(REGISTRATION))
    if registration is None:
        return None
    name = registration["spec"]["secretRef"].pop("name")
    assert name.startswith("cluster0-")
    return registration, strip(fleet.host.get(f"{INSIDE}/secrets/{name}"))


def _gone(fleet: Clusters) -> bool:
    return eventually(lambda: not _member(fleet)) and _host(fleet) is None


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_join_and_unjoin_take_turns(fleet: Clusters, original: Original, scope: str) -> None:
    """Both joins leave the same objects; each tool unjoins what the other joined."""
    fleet.run("init", "--scope", scope)
    original.run("join", "cluster0", "--cluster-context", "cluster0")
    theirs = _member(fleet), _host(fleet)
    fleet.run("sync")
    (condition,) = fleet.host.get(REGISTRATION)["status"]["conditions"]
    assert ("Ready", "True") == (condition["type"], condition["status"])
    fleet.run("unjoin", "cluster0")
    assert _gone(fleet)
    fleet.run("join", "cluster0")
    assert theirs == (_member(fleet), _host(fleet))
    original.run("unjoin", "cluster0", "--cluster-context", "cluster0")
    assert _gone(fleet)


def test_join_again_takes_over(fleet: Clusters, original: Original) -> None:
    """What one tool joined, the other joins again on request, to the same objects."""
    fleet.run("init")
    again = ("--error-on-existing=false", "--secret-name", "cluster0-token")
    original.run("join", "cluster0", *again)
    first = _member(fleet), _host(fleet)
    fleet.run("join", "cluster0", *again)
    assert first == (_member(fleet), _host(fleet))
    original.run("join", "cluster0", *again)
    assert first == (_member(fleet), _host(fleet))


def test_enable_gives_the_same_for_every_listable_type(fleet: Clusters, original: Original) -> None:
    """Type config and CRD are the same, field by field, but for the types of the table."""
    host = ("--host-cluster-context", "cluster0", "-o", "yaml")
    types = [name for name in listable(fleet.api("cluster0")) if name not in ENABLE_REFUSED]
    ran = fleet.run("enable", *types, *host)
    made = load_objects(ran.stdout, source="ours")
    ours = dict(zip(types, zip(made[::2], made[1::2], strict=True), strict=True))

    def ask(name: str) -> tuple[Any, ...]:
        key = name if "." in name else f"{name}."
        return tuple(load_objects(original.run("enable", key, *host).stdout, source="theirs"))

    with ThreadPoolExecutor(max_workers=2) as executor:
        theirs = dict(zip(types, executor.map(ask, types), strict=True))
    assert 40 < len(types)
    assert [] == [name for name in types if ours[name] != theirs[name]]


def test_enable_takes_turns(fleet: Clusters, original: Original) -> None:
    """What one tool enabled, the other enables again without a change."""
    fleet.run("init")

    def versions(name: str, plural: str) -> list[Any]:
        crd = fleet.host.get(f"{CRDS}/federated{plural}.types.kubefed.io")
        config = fleet.host.get(f"{TYPE_CONFIGS}/{name}")
        return [found["metadata"]["generation"] for found in (crd, config)]

    original.run("enable", "statefulsets.apps")
    before = versions("statefulsets.apps", "statefulsets")
    path = f"{TYPE_CONFIGS}/statefulsets.apps"
    stored = fleet.host.get(path)["metadata"]["resourceVersion"]
    fleet.run("enable", "statefulsets.apps")
    assert before == versions("statefulsets.apps", "statefulsets")
    assert stored == fleet.host.get(path)["metadata"]["resourceVersion"]
    fleet.run("enable", "cronjobs.batch")
    before = versions("cronjobs.batch", "cronjobs")
    original.run("enable", "cronjobs.batch")
    assert before == versions("cronjobs.batch", "cronjobs")


@pytest.mark.parametrize("kind", [*SAMPLES, "Namespace"])
def test_federate_gives_the_same_for_every_kind(
    fleet: Clusters, original: Original, kind: str
) -> None:
    """The federated object is the same, but for what the table of departures takes out."""
    host = ("--host-cluster-context", "cluster0", "-o", "yaml", "-n", "shop")
    api = fleet.api("cluster0")
    api.create("/api/v1/namespaces", {"metadata": {"name": "shop", "labels": {"a": "b"}}})
    name, key = "shop", "ns"
    if kind in SAMPLES:
        sample = SAMPLES[kind]
        api.create(sample.collection, sample.body)
        name, key = sample.name, sample.type_key
    [ours] = load_objects(fleet.run("federate", key, name, *host).stdout, source="ours")
    [theirs] = load_objects(original.run("federate", key, name, *host).stdout, source="theirs")
    if kind in FEDERATE_DEPARTURES:
        assert ours != theirs
    assert ours == apply_departure(kind, theirs)


def test_federate_takes_turns(fleet: Clusters, original: Original) -> None:
    """What one tool federated is there already for the other, and is left alone."""
    fleet.run("init")
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    for name in ("ours", "theirs"):
        fleet.host.create(f"{SHOP}/configmaps", {"metadata": {"name": name}, "data": {"k": "v"}})
    path = f"{TYPES}/namespaces/shop/federatedconfigmaps"
    original.run("federate", "configmap", "theirs", "-n", "shop")
    fleet.run("federate", "configmap", "ours", "-n", "shop")
    before = [fleet.host.get(f"{path}/{name}") for name in ("ours", "theirs")]
    specs = [found["spec"]["template"] for found in before]
    assert specs[0] == specs[1]
    ran = fleet.run("federate", "configmap", "theirs", "-n", "shop", "--v=2")
    assert "unchanged" in ran.stdout + ran.stderr
    assert 0 != original.run("federate", "configmap", "ours", "-n", "shop", code=None).code
    assert before == [fleet.host.get(f"{path}/{name}") for name in ("ours", "theirs")]


PROPAGATED = (SHOP, f"{SHOP}/configmaps/k", f"{DEPLOYMENTS}/web")


def _federate_shop(fleet: Clusters, tool: Clusters | Original) -> None:
    """Let one tool join both clusters, and federate a namespace with what is in it."""
    fleet.run("init")
    for name in fleet.names:
        tool.run("join", name)
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    fleet.host.create(f"{SHOP}/configmaps", {"metadata": {"name": "k"}, "data": {"n": "y"}})
    fleet.host.create(DEPLOYMENTS, make_deployment())
    tool.run("federate", "ns", "shop")
    tool.run("federate", "configmap", "k", "-n", "shop")
    tool.run("federate", "deployment", "web", "-n", "shop")


def _versions(fleet: Clusters) -> dict[str, str]:
    """The resourceVersions of all copies in cluster0, and of all that the host records."""
    member = {path: fleet.api("cluster0").get(path) for path in PROPAGATED}
    recorded = {
        name: fleet.host.get(f"{CORE}/v1alpha1/namespaces/shop/propagatedversions/{name}")
        for name in ("configmap-k", "deployment-web", "namespace-shop")
    }
    found = {**member, **recorded}
    assert None not in found.values(), found
    return {path: obj["metadata"]["resourceVersion"] for path, obj in found.items()}


def _statuses(fleet: Clusters) -> list[Any]:
    """The statuses of the federated objects, without times."""
    found = [fleet.host.get(f"{TYPES}/namespaces/shop/{path}")["status"] for path in TOLD]
    for condition in (one for status in found for one in status["conditions"]):
        for field in ("lastUpdateTime", "lastTransitionTime"):
            del condition[field]
    return found


def _is_told(fleet: Clusters, path: str) -> bool:
    conditions = fleet.host.get(f"{TYPES}/namespaces/shop/{path}").get("status", {})
    return any(found["status"] == "True" for found in conditions.get("conditions", []))


TOLD = ("federatednamespaces/shop", "federatedconfigmaps/k", "federateddeployments/web")


def test_sync_writes_nothing_after_the_controllers(fleet: Clusters, original: Original) -> None:
    """What controller-manager propagated is in sync for us: no member and no record is written."""
    _federate_shop(fleet, fleet)
    with original.controllers():
        eventually(lambda: all(_is_told(fleet, path) for path in TOLD), seconds=120)
    before = _versions(fleet), _statuses(fleet)
    ran = fleet.run("sync")
    assert before == (_versions(fleet), _statuses(fleet))
    assert "3 federated objects over 2 clusters, 0 changes made" == ran.lines[-1]


@pytest.mark.parametrize("tool", ["original", "ours"])
def test_controllers_write_nothing_after_a_sync(
    fleet: Clusters, original: Original, tool: str
) -> None:
    """What a sync propagated is in sync for controller-manager, which has looked at all of it."""
    _federate_shop(fleet, original if tool == "original" else fleet)
    fleet.run("sync")
    before = _versions(fleet), _statuses(fleet)
    specs = [fleet.host.get(f"{TYPES}/namespaces/shop/{path}")["spec"] for path in TOLD]
    late = {
        "configmap": (f"{SHOP}/configmaps", {"metadata": {"name": "late"}, "data": {"k": "v"}}),
        "deployment": (DEPLOYMENTS, make_deployment("late")),
    }
    with original.controllers():
        for kind, (path, body) in late.items():
            fleet.host.create(path, body)
            fleet.run("federate", kind, "late", "-n", "shop")
        paths = [f"federated{kind}s/late" for kind in late]
        eventually(lambda: all(_is_told(fleet, path) for path in paths), seconds=120)
    assert before == (_versions(fleet), _statuses(fleet))
    assert specs == [fleet.host.get(f"{TYPES}/namespaces/shop/{path}")["spec"] for path in TOLD]


def test_disable_lets_the_controllers_finish(fleet: Clusters, original: Original) -> None:
    """A type that controller-manager propagates is stopped by it, then the type config goes."""
    _federate_shop(fleet, fleet)
    config, crd = f"{TYPE_CONFIGS}/configmaps", f"{CRDS}/federatedconfigmaps.types.kubefed.io"
    with original.controllers():
        eventually(lambda: _is_told(fleet, "federatedconfigmaps/k"), seconds=120)
        fleet.run("disable", "configmaps")
        eventually(lambda: fleet.host.get(config) is None)
    assert None is not fleet.host.get(crd)
    assert {"n": "y"} == fleet.api("cluster0").get(f"{SHOP}/configmaps/k")["data"]


def test_orphaning_takes_turns(fleet: Clusters, original: Original) -> None:
    """What one tool sets, the other sees, and takes away again."""
    fleet.run("init")
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    fleet.host.create(f"{SHOP}/configmaps", {"metadata": {"name": "k"}})
    fleet.run("federate", "configmap", "k", "-n", "shop")
    given = ("federatedconfigmaps", "k", "-n", "shop")
    path = f"{TYPES}/namespaces/shop/federatedconfigmaps/k"
    turns: list[tuple[Clusters | Original, Clusters | Original]] = [
        (fleet, original),
        (original, fleet),
    ]
    for one, other in turns:
        one.run("orphaning-deletion", "enable", *given)
        assert {"kubefed.io/orphan": "true"} == fleet.host.get(path)["metadata"]["annotations"]
        assert "Enabled" == other.run("orphaning-deletion", "status", *given).stdout.strip()
        other.run("orphaning-deletion", "disable", *given)
        assert "Disabled" == one.run("orphaning-deletion", "status", *given).stdout.strip()
