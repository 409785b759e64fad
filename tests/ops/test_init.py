"""Tests of putting KubeFed's API on a host: new, again, older, refused."""

from __future__ import annotations

import pytest

from kubefedctl.core.installing import DEFAULT_TYPES, make_control_plane
from kubefedctl.errors import ForbiddenError, KubefedctlError, RefusedError, WaitTimeout
from kubefedctl.model.events import Documents, Event, Result, Verdict
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CRDS,
    KUBEFED_CONFIGS,
    NAMESPACES,
    TYPE_CONFIGS,
)
from kubefedctl.ops.init import InitOptions, init, show_control_plane
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import AT_ONCE, KNS, error, not_found, place, serve_crds, steps, told, words

STEPS = make_control_plane(namespace=KNS, scope="Cluster")
CONFIG_KEY = Key(KNS, "kubefed")


def _init(
    host: MemoryCluster, *, scope: str = "Cluster", is_dry_run: bool = False
) -> tuple[list[Event], KubefedctlError | None]:
    options = InitOptions(KNS, scope, is_dry_run)
    return told(init(MemoryFleet(host, {}), options, pace=AT_ONCE))


def _host() -> MemoryCluster:
    return serve_crds(MemoryCluster("host"))


def _installed() -> MemoryCluster:
    host = _host()
    _init(host)
    host.requests.clear()
    return host


def _verdicts(events: list[Event]) -> dict[str, Verdict]:
    return {str(e.subject): e.verdict for e in events if isinstance(e, Result)}


def test_init_empty_host_gets_the_whole_control_plane() -> None:
    """Every object is made, the namespace first, the CRDs before what needs them."""
    host = _host()
    events, failure = _init(host)
    assert None is failure
    expected = [f"created {s.resource.subject(key_of(s.body))} in host" for s in STEPS]
    assert expected == words(events)
    for step in STEPS:
        assert None is not host.find(step.resource, key_of(step.body))
    assert ["waiting for the API server to serve the CRDs"] == steps(events)
    acts = [subject for _, subject in host.writes()]
    last_crd = max(n for n, s in enumerate(acts) if s.startswith("CustomResourceDefinition"))
    assert f"Namespace/{KNS}" == acts[0]
    assert all(not s.startswith("KubeFedConfig") for s in acts[:last_crd])


def test_init_host_without_the_api_has_no_type_configs() -> None:
    """A 404 for type configs is what an empty host says."""
    host = _host()
    host.fail_next("list", not_found(), name="federatedtypeconfigs")
    assert None is _init(host)[1]
    assert len(DEFAULT_TYPES) == len(host.objects(TYPE_CONFIGS))


def test_init_again_writes_nothing_and_says_so() -> None:
    """A second run finds everything as it should be."""
    host = _installed()
    events, failure = _init(host)
    assert (None, []) == (failure, host.writes())
    assert {Verdict.UNCHANGED} == set(_verdicts(events).values())
    assert "the KubeFed API of host cluster host is up to date" == steps(events)[-1]


def test_init_dry_run_tells_the_same_and_writes_nothing() -> None:
    """Nobody waits for CRDs that are not written."""
    host = MemoryCluster("host")
    events, failure = _init(host, is_dry_run=True)
    assert (None, [], []) == (failure, host.writes(), steps(events))
    assert len(STEPS) == sum(line.endswith("(dry run)") for line in words(events))


def test_init_other_scope_is_refused_before_any_write() -> None:
    """A scope cannot be changed; the message names both."""
    host = _installed()
    _, failure = _init(host, scope="Namespaced")
    assert isinstance(failure, RefusedError)
    assert "has scope Cluster, and a scope cannot be changed to Namespaced" in failure.message
    assert [] == host.writes()


def test_init_namespaced_makes_a_control_plane_for_one_namespace() -> None:
    """The scope stands in the KubeFedConfig."""
    host = _host()
    assert None is _init(host, scope="Namespaced")[1]
    assert "Namespaced" == (host.find(KUBEFED_CONFIGS, CONFIG_KEY) or {})["spec"]["scope"]


def test_init_crds_never_served_time_out() -> None:
    """Every CRD that is missing is named, and nothing that needs them is written."""
    host = MemoryCluster("host")
    events, failure = _init(host)
    assert isinstance(failure, WaitTimeout)
    assert failure.message.startswith("cluster host does not serve ")
    assert "kubefedclusters.core.kubefed.io" in failure.message
    assert failure.message.endswith("0s after it was written")
    assert [] == host.objects(KUBEFED_CONFIGS)
    assert "waiting for the API server to serve the CRDs" == steps(events)[-1]


def test_init_host_refuses_one_object_ends_there() -> None:
    """The next run goes on from there."""
    host = _host()
    host.fail_next("create", error(ForbiddenError, 403), name="kubefed")
    assert isinstance(_init(host)[1], ForbiddenError)
    events, failure = _init(host)
    assert None is failure
    assert Verdict.CREATED == _verdicts(events)[f"KubeFedConfig/{KNS}/kubefed"]


def test_init_type_not_served_yet_is_tried_again() -> None:
    """A CRD may be Established before the API server takes its objects."""
    host = _host()
    host.fail_next("create", not_found(), name="kubefed")
    options = InitOptions(KNS)
    assert None is told(init(MemoryFleet(host, {}), options))[1]
    assert 2 == host.requests.count(("create", f"KubeFedConfig/{KNS}/kubefed"))


def test_init_older_objects_are_brought_up_to_date() -> None:
    """What a user set stays; what is ours is renewed."""
    host = _installed()
    config = host.find(KUBEFED_CONFIGS, CONFIG_KEY) or {}
    spec: Object = {"scope": "Cluster", "syncController": {"adoptResources": "Disabled"}}
    host.alter(KUBEFED_CONFIGS, CONFIG_KEY, spec=spec)
    crd_key = Key("", "kubefedclusters.core.kubefed.io")
    crd = host.find(CRDS, crd_key) or {}
    version = {**crd["spec"]["versions"][0], "schema": {}}
    host.alter(CRDS, crd_key, spec={**crd["spec"], "versions": [version]})
    events, failure = _init(host)
    assert None is failure
    changed = {s for s, verdict in _verdicts(events).items() if verdict is Verdict.UPDATED}
    assert {
        f"KubeFedConfig/{KNS}/kubefed",
        "CustomResourceDefinition/kubefedclusters.core.kubefed.io",
    } == changed
    renewed = (host.find(KUBEFED_CONFIGS, CONFIG_KEY) or {})["spec"]
    adoption = {**config["spec"]["syncController"], "adoptResources": "Disabled"}
    assert {**config["spec"], "syncController": adoption} == renewed
    assert crd["spec"] == (host.find(CRDS, crd_key) or {})["spec"]


def test_init_taken_type_is_left_to_its_type_config() -> None:
    """A second type config for the same federated type would fight the first one."""
    host = _host()
    name = "ingresses.extensions"
    federated = {"group": "types.kubefed.io", "kind": "FederatedIngress", "version": "v1beta1"}
    spec = {"federatedType": {**federated, "pluralName": "federatedingresses"}}
    host.add(TYPE_CONFIGS, {"metadata": place(Key(KNS, name)), "spec": spec})
    events, failure = _init(host)
    assert None is failure
    assert f"FederatedTypeConfig/{KNS}/ingresses.networking.k8s.io" not in _verdicts(events)
    assert len(DEFAULT_TYPES) == len(host.objects(TYPE_CONFIGS))


def _binding(host: MemoryCluster) -> Object:
    return host.objects(CLUSTER_ROLE_BINDINGS)[0]


@pytest.mark.parametrize("is_dry_run", [False, True], ids=["real", "dry-run"])
def test_init_binding_to_another_role_is_replaced(is_dry_run: bool) -> None:
    """A roleRef cannot be changed; only a new binding has another one."""
    host = _installed()
    good = _binding(host)
    other = {**good["roleRef"], "name": "other"}
    host.alter(CLUSTER_ROLE_BINDINGS, key_of(good), roleRef=other)
    events, failure = _init(host, is_dry_run=is_dry_run)
    subject = f"ClusterRoleBinding/{key_of(good)}"
    assert (None, Verdict.CREATED) == (failure, _verdicts(events)[subject])
    writes = [] if is_dry_run else [("delete", subject), ("create", subject)]
    assert writes == host.writes()
    assert (other if is_dry_run else good["roleRef"]) == _binding(host)["roleRef"]


def test_init_namespace_that_is_there_keeps_what_it_has() -> None:
    """Somebody else's labels are not ours to take."""
    host = _host()
    host.add(NAMESPACES, {"metadata": {"name": KNS, "labels": {"team": "a"}}})
    events, _ = _init(host)
    assert Verdict.UNCHANGED == _verdicts(events)[f"Namespace/{KNS}"]


def test_show_control_plane_gives_what_init_would_write() -> None:
    """No cluster is asked."""
    (documents,) = show_control_plane(InitOptions(KNS, prints_yaml=True))
    assert Documents(tuple(step.body for step in STEPS)) == documents
