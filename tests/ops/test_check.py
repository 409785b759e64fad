"""Tests of `check`: what it asks of whom, that it writes nothing, what keeps it from looking."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.installing import make_default_crds
from kubefedctl.core.narrowing import parse_request
from kubefedctl.core.remedies import Shell
from kubefedctl.errors import (
    ClusterError,
    ForbiddenError,
    InputError,
    KubefedctlError,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.clusters import Expiry
from kubefedctl.model.events import Diagnosed, Event
from kubefedctl.model.findings import Diagnosis
from kubefedctl.model.locks import LEADER_NAME, LEASE_NAME
from kubefedctl.model.refs import Key
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import (
    CRDS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    LEASES,
    NAMESPACES,
    TYPE_CONFIGS,
    VALIDATING_WEBHOOKS,
)
from kubefedctl.ops.check import CheckOptions, check
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.preferences import TEMPLATE, prefer
from tests.ops.shop import make_synced_shop
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    add_type_config,
    error,
    federate,
    managed,
    not_found,
    served,
    told,
)

FORBIDDEN = error(ForbiddenError, 403)


@pytest.fixture
def fleet() -> MemoryFleet:
    """A shop that is in step, on a host with everything that `init` makes."""
    host, made = make_synced_shop()
    for crd in (*make_core_crds(), *make_default_crds()):
        host.add(CRDS, crd)
    federated = [make_type_config(found).federated for found in (NAMESPACE, CONFIG_MAP)]
    for cluster in (host, made.context("c1"), made.context("c2")):
        discovery = served(NAMESPACE, CONFIG_MAP, *federated)
        cluster.discovery = discovery  # type: ignore[attr-defined]
    return made


def look(
    fleet: MemoryFleet, *asked: str, **given: Any
) -> tuple[list[Event], KubefedctlError | None]:
    """Ask what is wrong; nothing is written to find out."""
    clusters = [fleet.host, fleet.context("c1"), fleet.context("c2")]
    for cluster in clusters:
        cluster.requests.clear()
    options = CheckOptions(Shell(), parse_request(asked, **given))
    answer = told(check(fleet, options, pace=AT_ONCE))
    assert [[], [], []] == [cluster.writes() for cluster in clusters]
    return answer


def diagnosed(fleet: MemoryFleet, *asked: str, **given: Any) -> Diagnosis:
    """Return what is wrong."""
    events, failure = look(fleet, *asked, **given)
    assert failure is None
    (found,) = [event.diagnosis for event in events if isinstance(event, Diagnosed)]
    return found


def ids(fleet: MemoryFleet, *asked: str, **given: Any) -> list[str]:
    """Return the rules that were found, each with its subject."""
    found = diagnosed(fleet, *asked, **given).findings
    return [f"{each.rule.id} {each.subject}" for each in found]


def test_check_of_a_federation_in_step_finds_nothing(fleet: MemoryFleet) -> None:
    """And says how much was looked at."""
    found = diagnosed(fleet)
    assert ((), 2, 2, "host") == (found.findings, found.clusters, found.objects, found.host)


def test_check_asks_an_administrator_one_question(fleet: MemoryFleet) -> None:
    """Who may do everything may do each thing."""
    ids(fleet)
    counts = [len(c.reviews) for c in (fleet.host, fleet.context("c1"), fleet.context("c2"))]
    assert [1, 1, 1] == counts


def test_check_without_a_control_plane_says_how_to_get_one() -> None:
    """Before anything is installed; nothing else can be looked at."""
    bare = MemoryCluster("host")
    bare.fail_next("list", not_found(), name=KUBEFED_CONFIGS.plural)
    found = diagnosed(MemoryFleet(bare, {"c1": MemoryCluster(), "c2": MemoryCluster()}))
    (finding,) = found.findings
    assert ("KF101", "kubefedctl init") == (finding.rule.id, finding.fix)


def test_check_of_a_config_that_cannot_be_used_names_the_field(fleet: MemoryFleet) -> None:
    """No sync runs with it."""
    fleet.host.alter(KUBEFED_CONFIGS, Key(KNS, "kubefed"), spec={"scope": "Moon"})
    (finding,) = diagnosed(fleet).findings
    assert ("KF102", True) == (finding.rule.id, "spec.scope" in finding.text)
    assert finding.fix.startswith("kubectl edit kubefedconfigs")


def test_check_of_a_host_that_forbids_reading_tells_what_is_missing(fleet: MemoryFleet) -> None:
    """The cause, and all that one may not."""
    fleet.host.fail_next("list", FORBIDDEN, name=KUBEFED_CLUSTERS.plural)
    fleet.host.may = lambda spec: spec["resourceAttributes"].get("verb") == "get"
    found = {each.rule.id: each for each in diagnosed(fleet).findings}
    assert FORBIDDEN.message == found["KF102"].text
    assert "list, patch federatedtypeconfigs.core.kubefed.io" in found["KF105"].text


@pytest.mark.parametrize("kind", [UnreachableError, ServerError])
def test_check_of_a_host_that_does_not_answer_is_an_error(
    fleet: MemoryFleet, kind: type[ClusterError]
) -> None:
    """There is nothing to be found out, so it is no finding."""
    dead = error(kind, 0)
    fleet.host.fail_next("list", dead, name=KUBEFED_CONFIGS.plural)
    assert dead is look(fleet)[1]


def test_check_tells_of_members_that_do_not_answer(fleet: MemoryFleet) -> None:
    """After one probe; what they hold is not judged."""
    fleet.context("c2").add(CONFIG_MAP, managed(Key("shop", "old")))
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=9)
    assert ["KF202 cluster c2"] == ids(fleet)
    assert [("read", "/healthz")] == fleet.context("c2").requests


def test_check_tells_what_a_member_forbids(fleet: MemoryFleet) -> None:
    """One sentence for all verbs on a type."""
    member = fleet.context("c1")
    member.may = lambda spec: spec["resourceAttributes"].get("verb") in ("list", "get")
    (found,) = diagnosed(fleet).findings
    assert "KF209" == found.rule.id
    writes = "create, update, patch, delete"
    assert f"its account may not {writes} configmaps; {writes} namespaces" == found.text


def test_check_tells_what_it_could_not_ask(fleet: MemoryFleet) -> None:
    """What was not looked at is not in order for that."""
    member = fleet.context("c1")
    member.review_failure = error(ServerError, 500)
    fleet.host.fail_next("list", FORBIDDEN, name=CRDS.plural)
    assert ["KF901 cluster host", "KF901 cluster c1"] == ids(fleet)


def test_check_tells_of_types_that_a_member_does_not_serve(fleet: MemoryFleet) -> None:
    """By its own discovery."""
    fleet.context("c1").discovery = served(NAMESPACE)  # type: ignore[attr-defined]
    assert ["KF404 configmaps in cluster c1"] == ids(fleet)


def test_check_tells_of_api_groups_without_an_answer(fleet: MemoryFleet) -> None:
    """In host and members."""
    rows = fleet.host.discover().resources
    broken = Discovery(rows, ("metrics.k8s.io/v1: 503",))
    fleet.host.discovery = broken  # type: ignore[attr-defined]
    fleet.context("c2").discovery = broken  # type: ignore[attr-defined]
    assert ["KF212 cluster host", "KF212 cluster c2"] == ids(fleet)


def test_check_tells_of_credentials_that_end(fleet: MemoryFleet) -> None:
    """Of the kubeconfig and of registrations."""
    fleet.host.ends = (Expiry("client certificate", "2020-01-01T00:00:00Z"),)
    fleet.context("c1").ends = (Expiry("token", "2020-01-01T00:00:00Z"),)
    assert ["KF301 cluster host", "KF301 cluster c1"] == ids(fleet)


def test_check_reads_locks_and_the_controller_manager(fleet: MemoryFleet) -> None:
    """What others left, or run."""
    spec = {"holderIdentity": "kubefedctl-sync_x", "renewTime": "2020-01-01T00:00:00.000000Z"}
    lease = {"kind": "Lease", "metadata": {"namespace": KNS, "name": LEASE_NAME}, "spec": spec}
    if fleet.host.find(LEASES, Key(KNS, LEASE_NAME)) is not None:
        fleet.host.remove(LEASES, Key(KNS, LEASE_NAME))
    fleet.host.add(LEASES, lease)
    manager = {"metadata": {"namespace": KNS, "name": LEADER_NAME}, "spec": {"replicas": 2}}
    fleet.host.add(DEPLOYMENT, manager)
    place = f"Deployment/{KNS}/{LEADER_NAME}"
    assert [f"KF106 {place}", f"KF107 Lease/{KNS}/{LEASE_NAME}"] == ids(fleet)


@pytest.mark.parametrize(("ready", "expected"), [(0, True), (1, False)], ids=["dead", "alive"])
def test_check_tells_of_a_webhook_that_nobody_answers(
    fleet: MemoryFleet, ready: int, expected: bool
) -> None:
    """Half an uninstalled chart refuses every change; webhooks of others are not looked at."""
    service = {"namespace": KNS, "name": "kubefed-admission-webhook"}
    for name in ("validations.core.kubefed.io-x", "others.example.com"):
        body = {"metadata": {"name": name}, "webhooks": [{"clientConfig": {"service": service}}]}
        fleet.host.add(VALIDATING_WEBHOOKS, body)
    status = {"readyReplicas": ready}
    fleet.host.add(DEPLOYMENT, {"metadata": dict(service), "status": status})
    subject = "ValidatingWebhookConfiguration/validations.core.kubefed.io-x"
    assert [f"KF110 {subject}"] * expected == ids(fleet)


def test_check_tells_of_namespaces_that_do_not_end(fleet: MemoryFleet) -> None:
    """What is left in them holds them."""
    metadata = {"name": "old", "deletionTimestamp": "2020-01-01T00:00:00Z", "finalizers": ["a/b"]}
    fleet.host.add(NAMESPACES, {"metadata": metadata, "status": {"phase": "Terminating"}})
    assert ["KF512 Namespace/old"] == ids(fleet)


def test_check_follows_preferences_as_a_sync_does(fleet: MemoryFleet) -> None:
    """What a preference places is placed; one that cannot be followed is told."""
    host = fleet.host
    add_type_config(host, DEPLOYMENT)
    everywhere = served(
        NAMESPACE,
        CONFIG_MAP,
        DEPLOYMENT,
        *(make_type_config(found).federated for found in (NAMESPACE, CONFIG_MAP, DEPLOYMENT)),
    )
    for cluster in (host, fleet.context("c1"), fleet.context("c2")):
        cluster.discovery = everywhere  # type: ignore[attr-defined]
    federate(host, target=DEPLOYMENT, spec={"template": TEMPLATE, "placement": {}})
    assert ["KF505 FederatedDeployment/shop/web"] == ids(fleet)
    prefer(host)
    assert [] == ids(fleet)
    prefer(host, key=Key("shop", "nothing"))
    (found,) = diagnosed(fleet).findings
    assert ("KF516", "ReplicaSchedulingPreference/shop/nothing") == (found.rule.id, found.subject)


def test_check_of_what_was_asked_for_alone(fleet: MemoryFleet) -> None:
    """Objects, namespaces and clusters narrow it as they narrow a sync."""
    federate(fleet.host, Key("shop", "a"), spec={"placement": {}})
    federate(fleet.host, Key("shop", "b"), spec={"placement": {}})
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=99)
    expected = ["KF505 FederatedConfigMap/shop/a"]
    assert expected == ids(fleet, "configmaps/a", namespace="shop", clusters=["c1"])
    assert 1 == len([each for each in ids(fleet) if each.startswith("KF202")])


def test_check_of_what_is_not_there_is_an_error(fleet: MemoryFleet) -> None:
    """It is mostly a typing error."""
    assert isinstance(look(fleet, "configmaps/nope", namespace="shop")[1], InputError)


def test_check_of_two_type_configs_for_a_type_finds_both_faults(fleet: MemoryFleet) -> None:
    """The second has a name that KubeFed would not take, either."""
    first = fleet.host.find(TYPE_CONFIGS, Key(KNS, "configmaps"))
    assert first is not None
    fleet.host.add(TYPE_CONFIGS, {**first, "metadata": {"namespace": KNS, "name": "maps"}})
    found = [each.partition(" ")[0] for each in ids(fleet)]
    assert "KF402" in found
    assert "KF104" in found
