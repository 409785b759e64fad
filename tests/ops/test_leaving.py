"""Tests of deleting or unlabelling what was propagated before a member leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.core.leaving import Fate
from kubefedctl.errors import (
    ForbiddenError,
    InputError,
    KubefedctlError,
    NotFoundError,
    PartialFailure,
    RefusedError,
)
from kubefedctl.model.objects import is_managed
from kubefedctl.model.refs import Key
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import (
    CONFIG_MAPS,
    KUBEFED_CLUSTERS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.join import JoinOptions, join
from kubefedctl.ops.unjoin import UnjoinOptions, unjoin
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    error,
    issue_token,
    make_host,
    managed,
    place,
    served,
    told,
    words,
)

PURGE = UnjoinOptions("c1", host_cluster_context="host", fate=Fate.PURGED)
ORPHAN = replace(PURGE, fate=Fate.ORPHANED)
SHOP, OTHER = Key("", "shop"), Key("shop", "other")
PACE = replace(AT_ONCE, removal=0.0)
GONE = f"deleted KubeFedCluster/{KNS}/c1 in host"
PURGED = ["deleted ConfigMap/shop/web in c1", "deleted Namespace/shop in c1"]


class Member(MemoryCluster):
    """A member with a discovery of its own."""

    discovery = Discovery(())


def _joined(scope: str = "Cluster") -> tuple[MemoryFleet, MemoryCluster, Member]:
    """A member with two propagated objects and one of its own."""
    host, member = make_host(members=(), spec={"scope": scope}), Member("c1")
    member.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {"c1": member})
    told(join(fleet, JoinOptions("c1", host_cluster_name="host"), pace=AT_ONCE))
    member.add(NAMESPACES, managed(SHOP))
    member.add(CONFIG_MAPS, managed(WEB))
    member.add(CONFIG_MAPS, {"metadata": place(OTHER)})
    host.requests.clear()
    member.requests.clear()
    return fleet, host, member


class Person:
    """Somebody who is asked."""

    def __init__(self, *, says_yes: bool = True) -> None:
        self.asked: list[str] = []
        self._says_yes = says_yes

    def __call__(self, question: str) -> None:
        """Answer."""
        self.asked.append(question)
        if not self._says_yes:
            raise RefusedError("no")


def _unjoin(
    fleet: MemoryFleet, options: UnjoinOptions, person: Person | None = None
) -> tuple[list[str], KubefedctlError | None]:
    events, failure = told(unjoin(fleet, options, confirm=person or Person(), pace=PACE))
    return words(events), failure


def _is_untouched(host: MemoryCluster, member: MemoryCluster) -> bool:
    return [] == host.writes() == member.writes()


def test_purge_deletes_contents_then_namespaces_then_leaves() -> None:
    """After one question; what lacks the label is not deleted by name."""
    fleet, _, member = _joined()
    person = Person()
    assert ([*PURGED, GONE], None) == _unjoin(fleet, PURGE, person)
    assert 1 == len(person.asked)
    assert None is member.find(CONFIG_MAPS, WEB)
    assert None is member.find(NAMESPACES, SHOP)
    assert None is not member.find(CONFIG_MAPS, OTHER)
    assert ["ConfigMap/shop/web", "Namespace/shop"] == [s for _, s in member.writes()[:2]]


def test_purge_of_a_disabled_type_deletes_its_objects_too() -> None:
    """They were propagated once."""
    fleet, host, member = _joined()
    key = Key(KNS, "configmaps")
    config = host.find(TYPE_CONFIGS, key)
    assert config is not None
    host.alter(TYPE_CONFIGS, key, spec={**config["spec"], "propagation": "Disabled"})
    _unjoin(fleet, PURGE)
    assert None is member.find(CONFIG_MAPS, WEB)


def test_orphan_takes_the_label_off_and_asks_nothing() -> None:
    """Everything stays where it is."""
    fleet, _, member = _joined()
    person = Person()
    lines, failure = _unjoin(fleet, ORPHAN, person)
    assert None is failure
    assert sorted(lines) == sorted(
        [GONE, "unlabelled ConfigMap/shop/web in c1", "unlabelled Namespace/shop in c1"]
    )
    assert [] == person.asked
    left = [member.find(CONFIG_MAPS, WEB), member.find(NAMESPACES, SHOP)]
    assert [False, False] == [found is None or is_managed(found) for found in left]


def test_unjoin_without_either_does_not_look() -> None:
    """As the original: propagated objects stay with their label."""
    fleet, _, member = _joined()
    _unjoin(fleet, replace(PURGE, fate=Fate.LEFT))
    found = member.find(CONFIG_MAPS, WEB)
    assert found is not None
    assert is_managed(found)
    assert ("list", "configmaps") not in member.requests


def test_purge_declined_changes_nothing() -> None:
    """Not even with force."""
    fleet, host, member = _joined()
    lines, failure = _unjoin(fleet, replace(PURGE, force=True), Person(says_yes=False))
    assert ([], True) == (lines, isinstance(failure, RefusedError))
    assert _is_untouched(host, member)


@pytest.mark.parametrize("options", [PURGE, ORPHAN], ids=["purge", "orphan"])
@pytest.mark.parametrize(
    ("where", "plural"),
    [
        ("member", "configmaps"),
        ("member", "namespaces"),
        ("host", "federatedtypeconfigs"),
        ("host", "namespaces"),
    ],
)
def test_leaving_list_that_fails_changes_nothing(
    options: UnjoinOptions, where: str, plural: str
) -> None:
    """One list is enough, and the member stays joined."""
    fleet, host, member = _joined()
    cluster = host if where == "host" else member
    cluster.fail_next("list", error(ForbiddenError, 403), name=plural)
    lines, failure = _unjoin(fleet, options)
    assert ([], True) == (lines, isinstance(failure, ForbiddenError))
    assert _is_untouched(host, member)


@pytest.mark.parametrize("options", [PURGE, ORPHAN], ids=["purge", "orphan"])
def test_leaving_list_that_fails_with_force_cleans_the_host_alone(options: UnjoinOptions) -> None:
    """It is told, and nothing of the member is touched."""
    fleet, host, member = _joined()
    member.fail_next("list", error(ForbiddenError, 403), name="namespaces")
    lines, failure = _unjoin(fleet, replace(options, force=True))
    assert None is failure
    assert lines[0].startswith("warning: cluster c1 is not cleaned: ")
    assert ([GONE], []) == (lines[1:], member.writes())
    assert [] == host.objects(KUBEFED_CLUSTERS)


def test_purge_type_that_the_member_lacks_has_no_objects() -> None:
    """A CRD need not be in every member."""
    fleet, _, member = _joined()
    member.fail_next("list", error(NotFoundError, 404), name="configmaps")
    lines, failure = _unjoin(fleet, PURGE)
    assert ([PURGED[1], GONE], None) == (lines, failure)


@pytest.mark.parametrize(
    "discovery",
    [served(CONFIG_MAPS), Discovery((), ("apps/v1 does not answer",))],
    ids=["another-version", "unknown"],
)
def test_purge_404_of_a_type_that_may_be_served_changes_nothing(discovery: Discovery) -> None:
    """It must not pass for an empty list."""
    fleet, host, member = _joined()
    member.discovery = discovery
    member.fail_next("list", error(NotFoundError, 404), name="configmaps")
    assert isinstance(_unjoin(fleet, PURGE)[1], NotFoundError)
    assert _is_untouched(host, member)


def test_purge_of_a_cluster_without_the_account_is_refused() -> None:
    """A wrong context must not lose what another federation put there."""
    fleet, host, member = _joined()
    member.remove(SERVICE_ACCOUNTS, Key(KNS, "c1-host"))
    _, failure = _unjoin(fleet, PURGE)
    assert isinstance(failure, InputError)
    assert f"it has no ServiceAccount/{KNS}/c1-host" in failure.message
    assert _is_untouched(host, member)


def test_purge_of_what_is_not_joined_touches_no_propagated_object() -> None:
    """Its objects may be another host's."""
    fleet, host, member = _joined()
    host.remove(KUBEFED_CLUSTERS, Key(KNS, "c1"))
    assert isinstance(_unjoin(fleet, PURGE)[1], InputError)
    assert None is not member.find(CONFIG_MAPS, WEB)


def test_purge_that_fails_keeps_the_member_joined() -> None:
    """Run again, it goes on; forced, the rest goes."""
    fleet, host, member = _joined()
    member.fail_next("delete", error(ForbiddenError, 403), name="web")
    lines, failure = _unjoin(fleet, PURGE)
    assert lines[0].startswith("failed ConfigMap/shop/web in c1")
    assert isinstance(failure, PartialFailure)
    assert [] == host.writes()
    assert ([PURGED[0], GONE], None) == _unjoin(fleet, PURGE)


def test_purge_that_fails_with_force_leaves_anyway() -> None:
    """What is left is told."""
    fleet, _, member = _joined()
    member.fail_next("delete", error(ForbiddenError, 403), name="web")
    lines, failure = _unjoin(fleet, replace(PURGE, force=True))
    assert (None, GONE) == (failure, lines[-1])
    assert any(line.startswith("warning: 1 propagated object in cluster c1") for line in lines)


def test_purge_object_that_is_held_is_waiting() -> None:
    """Its deletion is on the way, so the member may go."""
    fleet, _, member = _joined()
    member.alter(CONFIG_MAPS, WEB, **managed(metadata={"finalizers": ["x/y"]}))
    lines, failure = _unjoin(fleet, PURGE)
    assert None is failure
    assert any(line.startswith("waiting ConfigMap/shop/web in c1") for line in lines)
    assert GONE == lines[-1]


def test_purge_dry_run_tells_and_asks_nothing() -> None:
    """The KubeFed namespace that it would empty would go, too."""
    fleet, host, member = _joined()
    member.discovery = served(CONFIG_MAPS)
    member.add(CONFIG_MAPS, managed(Key(KNS, "mine")))
    person = Person()
    lines, failure = _unjoin(fleet, replace(PURGE, is_dry_run=True), person)
    mine = f"deleted ConfigMap/{KNS}/mine in c1"
    assert [f"{line} (dry run)" for line in (mine, *PURGED, GONE)] == lines
    assert ([], None) == (person.asked, failure)
    assert _is_untouched(host, member)


def test_purge_namespaced_scope_looks_at_the_kubefed_namespace_alone() -> None:
    """What is elsewhere may belong to another control plane."""
    fleet, _, member = _joined("Namespaced")
    member.add(CONFIG_MAPS, managed(Key(KNS, "mine")))
    lines, failure = _unjoin(fleet, PURGE)
    assert ([f"deleted ConfigMap/{KNS}/mine in c1", GONE], None) == (lines, failure)
    assert None is not member.find(CONFIG_MAPS, WEB)
    assert None is not member.find(NAMESPACES, SHOP)


def test_purge_host_that_is_its_own_member_keeps_its_namespaces() -> None:
    """They hold the federated objects; the label goes."""
    host = make_host(members=())
    host.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {})
    told(join(fleet, JoinOptions("host", host_cluster_context="host"), pace=AT_ONCE))
    host.add(NAMESPACES, managed(SHOP))
    host.add(CONFIG_MAPS, managed(WEB))
    person = Person()
    _, failure = _unjoin(fleet, replace(PURGE, cluster="host"), person)
    assert "in cluster host (the host itself: its own objects" in person.asked[0]
    found = host.find(NAMESPACES, SHOP)
    assert None is failure
    assert found is not None
    assert not is_managed(found)
    assert None is host.find(CONFIG_MAPS, WEB)
