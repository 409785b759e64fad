"""Tests of a sync of files: what is written, recorded, deleted, and what never is."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.applysets import DEFAULT_PLACE, PARENT, make_id
from kubefedctl.core.guarding import DeletionLimit
from kubefedctl.core.narrowing import parse_request
from kubefedctl.core.waving import parse_waves
from kubefedctl.errors import (
    ForbiddenError,
    InputError,
    NotFoundError,
    PartialFailure,
    RefusedError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL
from kubefedctl.model.progress import Goal
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.halting import Halt
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.files import (
    ID,
    LABELS,
    SHOP,
    NoHost,
    declare,
    federated,
    federated_namespace,
    make_members,
    parent,
    run_files,
    writes,
)
from tests.ops.stage import WEB, error, managed, served, steps, words

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
SERVICE = Resource("", "v1", "services", "Service", True)
ENDPOINTS = Resource("", "v1", "endpoints", "Endpoints", True)
OLD = Key("shop", "old")
IN_STEP = ("ConfigMap,Namespace", "shop")
ONLY_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}
FORBIDDEN = error(ForbiddenError, 403)


@pytest.fixture
def fleet() -> MemoryFleet:
    """Two members with the shop in them, and one object more that left the files since."""
    made = make_members()
    events, failure = run_files(made, *SHOP, federated(OLD))
    assert failure is None, words(events)
    writes(made)
    return made


def test_first_sync_records_the_set_before_it_writes() -> None:
    """Then namespaces, then what is in them; every object carries both labels."""
    fleet = make_members()
    events, failure = run_files(fleet, *SHOP)
    assert failure is None
    expected = ["create ConfigMap/default/kubefedctl", "create Namespace/shop"]
    expected += ["create ConfigMap/shop/web"]
    assert [f"{w} {n}" for n in ("c1", "c2") for w in expected] == writes(fleet)
    assert IN_STEP == parent(fleet.context("c1"))
    found = fleet.context("c1").find(CONFIG_MAP, WEB)
    assert LABELS == (found or {})["metadata"]["labels"]
    assert 4 == len(words(events))


def test_second_sync_writes_nothing(fleet: MemoryFleet) -> None:
    """Neither objects nor parents."""
    events, failure = run_files(fleet, *SHOP, federated(OLD))
    assert (None, []) == (failure, words(events))
    assert [] == writes(fleet)


def test_change_in_the_files_is_one_write(fleet: MemoryFleet) -> None:
    """For each cluster that it concerns; the handover before it is one request more."""
    override = {"path": "/data", "value": {"k": "v"}, "op": "add"}
    spec = {"overrides": [{"clusterName": "c2", "clusterOverrides": [override]}]}
    events, _ = run_files(fleet, SHOP[0], federated(spec=spec), federated(OLD))
    assert ["updated ConfigMap/shop/web in c2"] == words(events)
    assert {"patch ConfigMap/shop/web c2"} == set(writes(fleet))


def test_drift_in_a_member_is_undone(fleet: MemoryFleet) -> None:
    """Nothing but the object itself tells of it."""
    member = fleet.context("c1")
    found = member.find(CONFIG_MAP, WEB) or {}
    labels = {"labels": {MANAGED_LABEL: "true", PART_OF_LABEL: ID, "x": "y"}}
    member.alter(CONFIG_MAP, WEB, metadata={**found["metadata"], **labels})
    template = {"metadata": {"labels": {"x": "z"}}}
    events, _ = run_files(fleet, SHOP[0], federated(spec={"template": template}), federated(OLD))
    assert "updated ConfigMap/shop/web in c1" in words(events)


# --- what left the files -------------------------------------------------------------------------


def test_what_left_the_files_is_told_and_stays(fleet: MemoryFleet) -> None:
    """A host would delete it or take its label off; files remember nothing."""
    events, failure = run_files(fleet, *SHOP)
    assert failure is None
    assert [
        f"warning: cluster {name} keeps 1 object that left the files: ConfigMap/shop/old;"
        " --prune deletes that"
        for name in ("c1", "c2")
    ] == words(events)
    assert [] == writes(fleet)
    assert IN_STEP == parent(fleet.context("c1"))


def test_prune_deletes_what_left_and_lets_the_set_shrink(fleet: MemoryFleet) -> None:
    """The parent last."""
    run_files(fleet, *SHOP, federated(OLD), federated_namespace("gone"))
    writes(fleet)
    events, failure = run_files(fleet, SHOP[0], federated(OLD, spec=ONLY_C1), prunes=True)
    assert failure is None
    deleted = ["deleted ConfigMap/shop/web in c1", "deleted Namespace/gone in c1"]
    deleted += ["deleted ConfigMap/shop/old in c2", "deleted ConfigMap/shop/web in c2"]
    assert sorted([*deleted, "deleted Namespace/gone in c2"]) == sorted(words(events))
    assert "patch ConfigMap/default/kubefedctl c2" == writes(fleet)[-1]
    assert (IN_STEP, ("Namespace", "")) == (
        parent(fleet.context("c1")),
        parent(fleet.context("c2")),
    )
    assert (None, []) == (run_files(fleet, SHOP[0], federated(OLD, spec=ONLY_C1))[1], writes(fleet))


def test_prune_of_types_that_left_the_files(fleet: MemoryFleet) -> None:
    """What they are is found by what the set's parent says and the member serves."""
    widget = {**federated(target=WIDGET), "spec": {"template": {"apiVersion": "example.com/v1"}}}
    widget["spec"]["placement"] = {"clusterSelector": {}}
    for name in ("c1", "c2"):
        fleet.context(name).discovery = served(NAMESPACE, CONFIG_MAP, WIDGET)  # type: ignore[attr-defined]
    run_files(fleet, *SHOP, widget)
    assert ("ConfigMap,Namespace,Widget.example.com", "shop") == parent(fleet.context("c1"))
    events, failure = run_files(fleet, *SHOP, prunes=True)
    assert failure is None
    assert "deleted Widget/shop/web in c1" in words(events)
    assert IN_STEP == parent(fleet.context("c1"))


def test_set_forgets_a_type_that_the_member_serves_no_more(fleet: MemoryFleet) -> None:
    """Its objects went with its CRD; kubectl could not read the set any more."""
    member = fleet.context("c1")
    kinds = "ConfigMap,Namespace,Widget.example.com"
    found = member.find(PARENT, DEFAULT_PLACE) or {}
    annotations = {**found["metadata"]["annotations"]}
    annotations["applyset.kubernetes.io/contains-group-kinds"] = kinds
    metadata = {**found["metadata"], "annotations": annotations}
    member.alter(PARENT, DEFAULT_PLACE, metadata=metadata)
    member.discovery = served(NAMESPACE, CONFIG_MAP, failures=("example.com/v1: 503",))  # type: ignore[attr-defined]
    _, failure = run_files(fleet, *SHOP, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert (kinds, "shop") == parent(member)
    assert member.find(CONFIG_MAP, OLD)
    member.discovery = served(NAMESPACE, CONFIG_MAP)  # type: ignore[attr-defined]
    assert run_files(fleet, *SHOP, prunes=True)[1] is None
    assert IN_STEP == parent(member)


def test_disabled_type_is_left_alone(fleet: MemoryFleet) -> None:
    """As on a host: what is disabled is not looked at, nor forgotten."""
    disabled = declare(CONFIG_MAP, propagation="Disabled")
    events, failure = run_files(fleet, disabled, *SHOP, prunes=True)
    assert failure is None
    assert [] == [line for line in words(events) if "deleted" in line]
    assert IN_STEP == parent(fleet.context("c1"))


@pytest.mark.parametrize("left", [(), (federated_namespace("else"),)], ids=["empty", "other"])
def test_prune_of_everything_wants_consent(fleet: MemoryFleet, left: Any) -> None:
    """The wrong folder is more likely."""
    _, failure = run_files(fleet, *left, prunes=True)
    assert isinstance(failure, RefusedError)
    assert [] == writes(fleet)
    _, failure = run_files(fleet, *left, prunes=True, is_dry_run=True)
    assert isinstance(failure, RefusedError)
    assert run_files(fleet, *left, prunes=True, limit=DeletionLimit(100, is_share=True))[1] is None
    assert [] == [o for o in fleet.context("c1").objects(CONFIG_MAP) if PART_OF_LABEL in str(o)]


def test_prune_beyond_the_limit_writes_nothing(fleet: MemoryFleet) -> None:
    """Counted over all members."""
    _, failure = run_files(fleet, *SHOP, prunes=True, limit=DeletionLimit(1))
    assert isinstance(failure, RefusedError)
    assert [] == writes(fleet)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [({"app": "web"}, []), (None, ["deleted Endpoints/shop/web in c1"])],
    ids=["of a Service", "of nobody"],
)
def test_prune_of_endpoints_spares_those_of_a_service(
    selector: Object | None, expected: list[str]
) -> None:
    """Their controller copies both labels of the Service, and names no owner."""
    fleet, spec = make_members("c1"), {"template": {"spec": {"selector": selector}}}
    member = fleet.context("c1")
    member.discovery = served(NAMESPACE, CONFIG_MAP, SERVICE, ENDPOINTS)  # type: ignore[attr-defined]
    files = (*SHOP, declare(ENDPOINTS), federated(target=SERVICE, spec=spec))
    manual = federated(Key("shop", "manual"), target=ENDPOINTS)
    assert run_files(fleet, *files, manual, clusters=["c1"])[1] is None
    member.add(ENDPOINTS, {"metadata": {"namespace": "shop", "name": "web", "labels": LABELS}})
    events, failure = run_files(fleet, *files, manual, clusters=["c1"], prunes=True)
    assert failure is None
    assert expected == [line for line in words(events) if "deleted" in line]


def test_prune_waits_for_what_a_finalizer_holds(fleet: MemoryFleet) -> None:
    """It stays in the set until it is gone."""
    member = fleet.context("c1")
    metadata = (member.find(CONFIG_MAP, OLD) or {})["metadata"]
    member.alter(CONFIG_MAP, OLD, metadata={**metadata, "finalizers": ["example.com/x"]})
    for _ in range(2):
        events, failure = run_files(fleet, *SHOP, prunes=True)
        assert isinstance(failure, WaitTimeout)
        assert any(line.startswith("waiting ConfigMap/shop/old in c1") for line in words(events))
    assert IN_STEP == parent(member)


# --- trouble -------------------------------------------------------------------------------------


def test_objects_that_are_not_understood_stop_every_deletion(fleet: MemoryFleet) -> None:
    """What they stand for could look as if it had left."""
    nameless = federated()
    del nameless["metadata"]["name"]
    events, failure = run_files(fleet, *SHOP, nameless, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert "not understood" in str(words(events))
    assert [] == writes(fleet)


@pytest.mark.parametrize(
    "change",
    [
        {"apiVersion": "type.kubefed.io/v1beta1"},
        {"apiVersion": "custom.example.com/v1", "kind": "SharedConfigMap"},
    ],
    ids=["typing error", "no type config"],
)
def test_objects_of_a_type_that_nobody_declares_stop_every_deletion(
    fleet: MemoryFleet, change: Object
) -> None:
    """What a type config stood for that was lost has not left."""
    events, failure = run_files(fleet, *SHOP, {**federated(OLD), **change}, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert "UnknownType" in str(words(events))
    assert [] == writes(fleet)


def test_member_that_is_down_stops_no_other(fleet: MemoryFleet) -> None:
    """Nothing is deleted in it, and what it has is not forgotten."""
    fleet.context("c1").fail_next("read", error(UnreachableError, 0), name="/healthz", times=9)
    events, failure = run_files(fleet, *SHOP, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert "deleted ConfigMap/shop/old in c2" in words(events)
    assert [] == writes(fleet, "c1")


def test_list_that_is_forbidden_lets_nothing_go_there(fleet: MemoryFleet) -> None:
    """Neither of that type nor of others, as the set is not known completely."""
    fleet.context("c1").fail_next("list", FORBIDDEN, name="namespaces")
    events, failure = run_files(fleet, *SHOP, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert ["deleted ConfigMap/shop/old in c2"] == [w for w in words(events) if "deleted C" in w]
    assert "warning: cluster c1 was not read completely" in "".join(words(events))
    assert [] == writes(fleet, "c1")
    assert IN_STEP == parent(fleet.context("c1"))


def test_list_that_is_forbidden_vouches_for_no_files(fleet: MemoryFleet) -> None:
    """What stays there because of it has left all the same: it is the wrong folder."""
    fleet.context("c1").fail_next("list", FORBIDDEN, name="namespaces")
    _, failure = run_files(fleet, federated_namespace("else"), prunes=True)
    assert isinstance(failure, RefusedError)
    assert [] == writes(fleet)


def test_list_of_a_type_that_left_the_files_matters_for_deletions_alone() -> None:
    """Without --prune nobody needs it."""
    fleet = make_members()
    for name in ("c1", "c2"):
        fleet.context(name).discovery = served(NAMESPACE, CONFIG_MAP, CLUSTER_ROLE)  # type: ignore[attr-defined]
    run_files(fleet, *SHOP, federated(Key("", "r"), target=CLUSTER_ROLE))
    fleet.context("c1").fail_next("list", FORBIDDEN, name="clusterroles", times=2)
    assert run_files(fleet, *SHOP)[1] is None
    assert isinstance(run_files(fleet, *SHOP, prunes=True)[1], PartialFailure)
    assert fleet.context("c1").find(CLUSTER_ROLE, Key("", "r"))
    assert not fleet.context("c2").find(CLUSTER_ROLE, Key("", "r"))


@pytest.mark.parametrize("act", ["create", "get"])
def test_parent_that_cannot_be_recorded_leaves_its_member_alone(act: str) -> None:
    """Otherwise nobody would find what was written."""
    fleet = make_members()
    fleet.context("c1").fail_next(act, FORBIDDEN, name="kubefedctl")
    events, failure = run_files(fleet, *SHOP)
    assert isinstance(failure, PartialFailure)
    assert ["create ConfigMap/default/kubefedctl c1"] * (act == "create") == writes(fleet, "c1")
    assert "created ConfigMap/shop/web in c2" in words(events)


def test_parent_in_a_namespace_that_is_not_there_names_the_option() -> None:
    """Nothing makes that namespace."""
    fleet = make_members("c1")
    fleet.context("c1").fail_next("create", error(NotFoundError, 404), name="set")
    events, failure = run_files(fleet, *SHOP, clusters=("c1",), place=Key("ops", "set"))
    assert isinstance(failure, PartialFailure)
    assert "--applyset names another namespace" in str(words(events))


def test_parent_of_another_tool_ends_the_run_before_anything_is_written() -> None:
    """In whichever member it is."""
    fleet = make_members()
    annotations = {"applyset.kubernetes.io/tooling": "kubectl/v1.32"}
    labels = {"applyset.kubernetes.io/id": ID}
    fleet.context("c2").add(
        PARENT,
        {
            "metadata": {
                "namespace": "default",
                "name": "kubefedctl",
                "labels": labels,
                "annotations": annotations,
            }
        },
    )
    _, failure = run_files(fleet, *SHOP)
    assert isinstance(failure, RefusedError)
    assert [] == writes(fleet)


def test_one_server_as_two_clusters_is_refused_before_anything_is_asked() -> None:
    """Each would undo and prune what is written for the other."""
    servers = {n: MemoryCluster(n, server="https://one.example") for n in ("c1", "c2")}
    _, failure = run_files(MemoryFleet(NoHost("host"), servers), *SHOP, prunes=True)
    assert isinstance(failure, InputError)
    assert [] == [request for found in servers.values() for request in found.requests]


def test_parent_among_the_files_is_refused() -> None:
    """Its own set would write over it."""
    fleet = make_members()
    _, failure = run_files(fleet, *SHOP, place=WEB)
    assert isinstance(failure, InputError)
    assert [] == writes(fleet)


def test_parent_that_another_tool_takes_meanwhile_fails_its_member_alone() -> None:
    """The others are written."""
    fleet = make_members()
    fleet.context("c1").before_next("get", _hand_over_after_the_first_look, name="kubefedctl")
    events, failure = run_files(fleet, *SHOP)
    assert isinstance(failure, PartialFailure)
    assert "nothing is written to cluster c1: " in "".join(words(events))
    assert "created ConfigMap/shop/web in c2" in words(events)


def _hand_over_after_the_first_look(member: MemoryCluster) -> None:
    """Be kubectl, which makes the parent between a run's reading and its writing."""
    labels = {"applyset.kubernetes.io/id": ID}
    annotations = {"applyset.kubernetes.io/tooling": "kubectl/v1.32"}
    place = {"namespace": "default", "name": "kubefedctl"}
    body = {"metadata": {**place, "labels": labels, "annotations": annotations}}
    member.before_next("get", lambda found: found.add(PARENT, body), name="kubefedctl")


def test_what_another_run_adds_to_a_parent_meanwhile_stays_in_it() -> None:
    """Its write is a conflict, and read again."""
    fleet = make_members("c1")
    member = fleet.context("c1")
    run_files(fleet, *SHOP, federated(OLD), clusters=("c1",))
    member.before_next("patch", _add_a_role, name="kubefedctl")
    deployment = federated(target=DEPLOYMENT)
    events, failure = run_files(fleet, *SHOP, deployment, clusters=("c1",))
    assert failure is None, words(events)
    kinds = "ClusterRole.rbac.authorization.k8s.io,ConfigMap,Deployment.apps,Namespace"
    assert (kinds, "shop") == parent(member)
    run_files(fleet, *SHOP, deployment, clusters=("c1",))
    assert (kinds.replace("ClusterRole.rbac.authorization.k8s.io,", ""), "shop") == parent(member)


def _add_a_role(member: MemoryCluster) -> None:
    """Be another run that is about to write a ClusterRole."""
    found = member.find(PARENT, DEFAULT_PLACE) or {}
    annotations = dict(found["metadata"]["annotations"])
    kinds = "applyset.kubernetes.io/contains-group-kinds"
    annotations[kinds] = f"ClusterRole.rbac.authorization.k8s.io,{annotations[kinds]}"
    metadata = {**found["metadata"], "annotations": annotations}
    member.alter(PARENT, DEFAULT_PLACE, metadata=metadata)


def test_run_that_is_stopped_lets_no_set_shrink(fleet: MemoryFleet) -> None:
    """The next one completes it."""
    halt = Halt()
    member = fleet.context("c1")
    member.before_next("delete", lambda found: halt.ask(RefusedError("stop")), name="old")
    _, failure = run_files(fleet, *SHOP, prunes=True, halt=halt)
    assert isinstance(failure, RefusedError)
    assert not [line for line in writes(fleet) if "kubefedctl" in line]
    assert run_files(fleet, *SHOP, prunes=True)[1] is None


# --- what stands there ---------------------------------------------------------------------------


def test_object_of_nobody_is_adopted_into_the_set() -> None:
    """As KubeFed adopts what stands there."""
    fleet = make_members()
    fleet.context("c1").add(CONFIG_MAP, {"metadata": {"namespace": "shop", "name": "web"}})
    events, _ = run_files(fleet, *SHOP)
    assert "adopted ConfigMap/shop/web in c1" in words(events)
    found = fleet.context("c1").find(CONFIG_MAP, WEB)
    assert LABELS == (found or {})["metadata"]["labels"]
    writes(fleet)
    assert (None, []) == (run_files(fleet, *SHOP)[1], writes(fleet))


def test_object_of_a_host_is_taken_over_but_never_deleted() -> None:
    """What the files do not ask for stays the host's, labels and all."""
    fleet = make_members()
    member = fleet.context("c1")
    member.add(CONFIG_MAP, managed())
    member.add(CONFIG_MAP, managed(OLD))
    events, failure = run_files(fleet, *SHOP, prunes=True)
    assert failure is None
    assert "updated ConfigMap/shop/web in c1" in words(events)
    assert {MANAGED_LABEL: "true"} == (member.find(CONFIG_MAP, OLD) or {})["metadata"]["labels"]


def test_member_of_another_set_is_refused_by_name(fleet: MemoryFleet) -> None:
    """It is that one's to delete."""
    events, failure = run_files(fleet, *SHOP, place=Key("default", "other"))
    assert isinstance(failure, PartialFailure)
    assert [
        f"failed ConfigMap/shop/web in c1: AlreadyExists: it belongs to another ApplySet: it is"
        f" labelled {PART_OF_LABEL}: {ID}"
    ] == [line for line in words(events) if "web in c1" in line]
    assert make_id(Key("default", "other")) != ID


# --- narrowed ------------------------------------------------------------------------------------


def test_narrowed_run_prunes_within_and_forgets_nothing(fleet: MemoryFleet) -> None:
    """The set is known to consist of more than was looked at."""
    request = parse_request(["configmaps"], clusters=["c1"])
    events, failure = run_files(fleet, *SHOP, prunes=True, request=request)
    assert failure is None
    assert ["deleted ConfigMap/shop/old in c1"] == words(events)
    assert [] == writes(fleet, "c2")
    assert IN_STEP == parent(fleet.context("c1"))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (parse_request(["configmaps/nope"]), "the files have no FederatedConfigMap nope"),
        (parse_request(["nonsense"]), "'nonsense' names no federated type"),
        (parse_request([], clusters=["c9"]), "the files have no cluster c9"),
    ],
    ids=["object", "type", "cluster"],
)
def test_what_is_asked_for_and_not_there_is_an_error(
    fleet: MemoryFleet, request_: Any, message: str
) -> None:
    """Before anything is written."""
    _, failure = run_files(fleet, *SHOP, request=request_)
    assert isinstance(failure, InputError)
    assert message in str(failure)
    assert [] == writes(fleet)


def test_short_names_are_those_of_a_member(fleet: MemoryFleet) -> None:
    """There is no host to ask what `cm` is."""
    request = parse_request(["cm/web"])
    assert (None, []) == (run_files(fleet, *SHOP, request=request)[1], writes(fleet))


# --- waves of clusters ---------------------------------------------------------------------------

CANARY = parse_waves("canary=c1,*")


def test_waves_are_written_one_after_the_other() -> None:
    """As with a host."""
    fleet = make_members()
    events, failure = run_files(fleet, *SHOP, waves=CANARY, goal=Goal.READY)
    assert failure is None, words(events)
    assert ["wave canary: c1", "wave 2: c2"] == [s for s in steps(events) if s.startswith("wave")]
    assert IN_STEP == parent(fleet.context("c2"))


@pytest.mark.parametrize("name", ["kubefedctl", "web"], ids=["the parent", "an object"])
def test_wave_that_fails_leaves_later_clusters_alone(name: str) -> None:
    """Not even their parent is written."""
    fleet = make_members()
    fleet.context("c1").fail_next("create", FORBIDDEN, name=name)
    _, failure = run_files(fleet, *SHOP, waves=CANARY, goal=Goal.READY)
    assert isinstance(failure, PartialFailure)
    assert "stopped after wave canary (failed: c1); not touched: c2" in str(failure)
    assert [] == writes(fleet, "c2")


def test_waves_that_stop_let_what_left_stay_later(fleet: MemoryFleet) -> None:
    """And the set of a cluster that was not reached says what it said."""
    fleet.context("c1").fail_next("delete", FORBIDDEN, name="old")
    _, failure = run_files(fleet, *SHOP, prunes=True, waves=CANARY, goal=Goal.READY)
    assert isinstance(failure, PartialFailure)
    assert [] == writes(fleet, "c2")
    assert run_files(fleet, *SHOP, prunes=True, waves=CANARY, goal=Goal.READY)[1] is None
    assert not fleet.context("c2").find(CONFIG_MAP, OLD)
