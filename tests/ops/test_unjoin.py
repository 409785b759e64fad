"""Tests of taking a member out: what goes, what stays, and what force does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.core.leaving import Fate
from kubefedctl.errors import (
    ClusterError,
    ForbiddenError,
    InputError,
    KubeconfigError,
    KubefedctlError,
    UnreachableError,
)
from kubefedctl.model.events import Documents, Event
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import (
    CONFIG_MAPS,
    EVENTS,
    KUBEFED_CLUSTERS,
    LEASES,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from kubefedctl.ops.join import JoinOptions, join
from kubefedctl.ops.unjoin import UnjoinOptions, unjoin
from tests.core.makers import CONFIG_MAP, DEPLOYMENT
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import JWT
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    add_type_config,
    error,
    issue_token,
    make_host,
    managed,
    not_found,
    place,
    served,
    steps,
    told,
    words,
)

OPTIONS = UnjoinOptions("c1", host_cluster_context="host")
FORCED = replace(OPTIONS, force=True)
ROLE = "kubefed-controller-manager:c1-host"
GONE = f"deleted KubeFedCluster/{KNS}/c1 in host"
TYPES = (CONFIG_MAP, DEPLOYMENT, EVENTS, LEASES, ROLE_BINDINGS, ROLES, SECRETS, SERVICE_ACCOUNTS)


class Member(MemoryCluster):
    """A member with a discovery of its own."""

    discovery = served(*TYPES)


def _joined(scope: str = "Cluster") -> tuple[MemoryFleet, MemoryCluster, Member]:
    host, member = make_host(members=(), spec={"scope": scope}), Member("c1")
    member.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {"c1": member})
    _, failure = told(join(fleet, JoinOptions("c1", host_cluster_name="host"), pace=AT_ONCE))
    assert None is failure
    for resource, name in ((CONFIG_MAPS, "kube-root-ca.crt"), (SERVICE_ACCOUNTS, "default")):
        member.add(resource, {"metadata": place(Key(KNS, name))})
    host.requests.clear()
    member.requests.clear()
    return fleet, host, member


def _agree(question: str) -> None:
    """Say yes."""


def _unjoin(
    fleet: MemoryFleet, options: UnjoinOptions = OPTIONS
) -> tuple[list[Event], KubefedctlError | None]:
    return told(unjoin(fleet, options, confirm=_agree, pace=AT_ONCE))


def _held(member: MemoryCluster, *resources: Resource) -> list[Object]:
    return [found for resource in resources for found in member.objects(resource)]


def _is_registered(host: MemoryCluster) -> bool:
    return host.find(KUBEFED_CLUSTERS, Key(KNS, "c1")) is not None


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_unjoin_takes_away_what_join_made(scope: str) -> None:
    """Roles, account, namespace, Secret and registration go; workloads stay."""
    fleet, host, member = _joined(scope)
    member.add(CONFIG_MAP, {"metadata": place(WEB)})
    events, failure = _unjoin(fleet)
    assert (None, [GONE]) == (failure, words(events))
    assert [] == _held(member, ROLES, ROLE_BINDINGS, NAMESPACES, SECRETS)
    assert [] == [*host.objects(SECRETS), *host.objects(KUBEFED_CLUSTERS)]
    assert None is not member.find(CONFIG_MAP, WEB)


def test_unjoin_tells_what_it_deletes_in_its_order() -> None:
    """Rights first, the namespace last, then the host's own entry."""
    fleet, host, _ = _joined()
    secret = next(str(found["metadata"]["name"]) for found in host.objects(SECRETS))
    events, _ = _unjoin(fleet)
    assert [
        f"deleted ClusterRoleBinding/{ROLE} in cluster c1",
        f"deleted ClusterRole/{ROLE} in cluster c1",
        f"deleted ServiceAccount/{KNS}/c1-host in cluster c1",
        f"deleted Secret/{KNS}/c1-host in cluster c1",
        f"deleted Namespace/{KNS} in cluster c1",
        f"deleted Secret/{KNS}/{secret} in cluster host",
    ] == steps(events)
    assert [
        ("delete", f"Secret/{KNS}/{secret}"),
        ("delete", f"KubeFedCluster/{KNS}/c1"),
    ] == host.writes()


def test_unjoin_host_keeps_its_namespace() -> None:
    """The namespace with the same uid is the control plane's own."""
    host = make_host(members=())
    host.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {})
    told(join(fleet, JoinOptions("host", host_cluster_context="host"), pace=AT_ONCE))
    _, failure = _unjoin(fleet, replace(OPTIONS, cluster="host"))
    assert None is failure
    assert None is not host.find(NAMESPACES, Key("", KNS))
    assert [] == host.objects(KUBEFED_CLUSTERS)


def test_unjoin_namespace_with_other_contents_is_kept() -> None:
    """What join did not make is not deleted along with it."""
    fleet, _, member = _joined()
    member.add(CONFIG_MAP, {"metadata": place(Key(KNS, "theirs"))})
    events, failure = _unjoin(fleet)
    warning = f"Namespace/{KNS} in cluster c1 is kept: it holds ConfigMap/{KNS}/theirs"
    assert (None, [f"warning: {warning}", GONE]) == (failure, words(events))
    assert None is not member.find(NAMESPACES, Key("", KNS))


def test_unjoin_events_and_leases_do_not_keep_a_namespace() -> None:
    """They come and go by themselves."""
    fleet, _, member = _joined()
    member.add(EVENTS, {"metadata": place(Key(KNS, "e"))})
    member.add(LEASES, {"metadata": place(Key(KNS, "l"))})
    events, _ = _unjoin(fleet)
    assert f"deleted Namespace/{KNS} in cluster c1" in steps(events)


def test_unjoin_twice_reports_not_joined() -> None:
    """The second run finds the member clean and says that there is nothing to unjoin."""
    fleet, _, member = _joined()
    _unjoin(fleet)
    _, failure = _unjoin(fleet)
    assert isinstance(failure, InputError)
    assert "no cluster c1 is joined to host cluster host" == failure.message
    assert [] == _held(member, ROLES, NAMESPACES)


def test_unjoin_partial_leftovers_are_no_error() -> None:
    """What is gone already is what was wanted, the host's Secret included."""
    fleet, host, member = _joined()
    member.remove(SERVICE_ACCOUNTS, Key(KNS, "c1-host"))
    member.remove(NAMESPACES, Key("", KNS))
    for secret in host.objects(SECRETS):
        host.remove(SECRETS, Key(KNS, secret["metadata"]["name"]))
    events, failure = _unjoin(fleet)
    assert (None, [GONE]) == (failure, words(events))
    assert f"deleted ServiceAccount/{KNS}/c1-host in cluster c1" not in steps(events)


def test_unjoin_registration_without_secret_goes() -> None:
    """A registration that somebody made by hand may name none."""
    fleet, host, _ = _joined()
    host.alter(KUBEFED_CLUSTERS, Key(KNS, "c1"), spec={})
    assert None is _unjoin(fleet)[1]
    assert not _is_registered(host)


def test_unjoin_dry_run_tells_and_deletes_nothing() -> None:
    """The lines of the real run, as what would be."""
    fleet, host, member = _joined()
    events, failure = _unjoin(fleet, replace(OPTIONS, is_dry_run=True))
    assert (None, [f"{GONE} (dry run)"]) == (failure, words(events))
    assert f"would delete Namespace/{KNS} in cluster c1" in steps(events)
    assert ([], []) == (host.writes(), member.writes())


def test_unjoin_dry_run_tells_that_a_namespace_would_be_kept() -> None:
    """Only what join did not make counts, though nothing is deleted yet."""
    fleet, _, member = _joined("Namespaced")
    member.add(CONFIG_MAP, {"metadata": place(Key(KNS, "theirs"))})
    events, _ = _unjoin(fleet, replace(OPTIONS, is_dry_run=True))
    (warning, _) = words(events)
    assert warning.endswith(f"is kept: it holds ConfigMap/{KNS}/theirs")


@pytest.mark.parametrize(
    "options",
    [UnjoinOptions("c1"), UnjoinOptions("c_1", host_cluster_name="host")],
    ids=["no-host-name", "cluster-name"],
)
def test_unjoin_impossible_names_ask_nobody(options: UnjoinOptions) -> None:
    """Names are looked at first."""
    fleet, host, _ = _joined()
    assert isinstance(_unjoin(fleet, options)[1], InputError)
    assert [] == host.requests


# --- force ---------------------------------------------------------------------------------------


def test_unjoin_context_missing_leaves_the_host_alone() -> None:
    """A member that cannot be cleaned stays registered."""
    fleet, host, _ = _joined()
    _, failure = _unjoin(fleet, replace(OPTIONS, cluster_context="none"))
    assert isinstance(failure, KubeconfigError)
    assert [] == host.writes()


def test_unjoin_context_missing_with_force_cleans_the_host() -> None:
    """That is what force is for."""
    fleet, host, _ = _joined()
    events, failure = _unjoin(fleet, replace(FORCED, cluster_context="none"))
    warning = "warning: cluster c1 is not cleaned: no context none"
    assert (None, [warning, GONE]) == (failure, words(events))
    assert not _is_registered(host)


@pytest.mark.parametrize(
    "kind", [ForbiddenError, UnreachableError], ids=["forbidden", "unreachable"]
)
def test_unjoin_member_refuses_stops_there(kind: type[ClusterError]) -> None:
    """The registration remains, so that unjoin can be run again."""
    fleet, host, member = _joined()
    member.fail_next("delete", error(kind, 0))
    assert isinstance(_unjoin(fleet)[1], kind)
    assert (1, [], True) == (len(member.writes()), host.writes(), _is_registered(host))


def test_unjoin_member_refuses_with_force_goes_on() -> None:
    """One refusal leaves one object; everything else goes."""
    fleet, host, member = _joined()
    member.fail_next("delete", error(ForbiddenError, 403))
    events, failure = _unjoin(fleet, FORCED)
    assert None is failure
    assert words(events)[0].startswith(f"warning: ClusterRoleBinding/{ROLE} in cluster c1 is left")
    assert f"deleted Namespace/{KNS} in cluster c1" in steps(events)
    assert not _is_registered(host)


def test_unjoin_member_is_dead_with_force_is_not_asked_again() -> None:
    """Each further request would only cost its time limit."""
    fleet, host, member = _joined()
    member.fail_next("delete", error(UnreachableError, 0, "Timeout"))
    events, failure = _unjoin(fleet, FORCED)
    assert None is failure
    assert words(events)[0].startswith("warning: cluster c1 is not cleaned: ")
    assert (1, False) == (len(member.requests), _is_registered(host))


def test_unjoin_member_cannot_tell_what_it_serves_keeps_the_namespace() -> None:
    """Contents that nobody knows may be somebody's."""
    fleet, host, member = _joined()
    member.discovery = Discovery((), ("metrics.k8s.io/v1beta1 does not answer",))
    _, failure = _unjoin(fleet)
    assert isinstance(failure, InputError)
    assert "metrics.k8s.io/v1beta1 does not answer" in failure.message
    assert _is_registered(host)


def test_unjoin_member_cannot_tell_what_it_serves_with_force_cleans_the_host() -> None:
    """As the hint of the refusal says."""
    fleet, host, member = _joined()
    member.discovery = Discovery((), ("metrics.k8s.io/v1beta1 does not answer",))
    events, failure = _unjoin(fleet, FORCED)
    assert None is failure
    assert words(events)[0].startswith("warning: cluster c1 is not cleaned: ")
    assert None is not member.find(NAMESPACES, Key("", KNS))
    assert not _is_registered(host)


def test_unjoin_host_refuses_is_an_error_even_with_force() -> None:
    """Force is about the member; the registration must not be lost half-way."""
    fleet, host, _ = _joined()
    host.fail_next("delete", error(ForbiddenError, 403))
    assert isinstance(_unjoin(fleet, FORCED)[1], ForbiddenError)
    assert _is_registered(host)


def test_unjoin_and_join_again_works() -> None:
    """Nothing is left that stands in the way."""
    fleet, host, _ = _joined()
    _unjoin(fleet)
    _, failure = told(join(fleet, JoinOptions("c1", host_cluster_name="host"), pace=AT_ONCE))
    assert (None, True) == (failure, _is_registered(host))


# --- joins that were cut short -------------------------------------------------------------------


def _cut_short() -> tuple[MemoryFleet, MemoryCluster, Member]:
    """Everything but the KubeFedCluster was written, and another cluster has such a Secret, too."""
    fleet, host, member = _joined()
    host.remove(KUBEFED_CLUSTERS, Key(KNS, "c1"))
    (left,) = host.objects(SECRETS)
    for name, made in (("c1-of-other", "c1-"), ("c1-east-x", "c1-east-")):
        metadata = {**place(Key(KNS, name)), "generateName": made}
        host.add(SECRETS, {**left, "metadata": metadata})
    host.add(
        KUBEFED_CLUSTERS,
        {"metadata": place(Key(KNS, "other")), "spec": {"secretRef": {"name": "c1-of-other"}}},
    )
    return fleet, host, member


def test_unjoin_of_a_join_cut_short_takes_away_its_secret() -> None:
    """The valid token in the host goes, those of other clusters stay; that is no failure."""
    fleet, host, member = _cut_short()
    events, failure = _unjoin(fleet)
    told_of = "no cluster c1 is joined to host cluster host; what a join left of it is deleted"
    assert (None, [f"warning: {told_of}"]) == (failure, words(events))
    left = sorted(found["metadata"]["name"] for found in host.objects(SECRETS))
    assert ["c1-east-x", "c1-of-other"] == left
    assert [] == _held(member, ROLES, NAMESPACES, SECRETS)
    assert isinstance(_unjoin(fleet)[1], InputError)


def test_unjoin_of_a_join_cut_short_dry_run_tells_and_deletes_nothing() -> None:
    """Its steps are those of the run."""
    fleet, host, member = _cut_short()
    dry = _unjoin(fleet, replace(OPTIONS, is_dry_run=True))[0]
    assert words(dry)[0].endswith("what a join left of it would be deleted")
    assert ([], []) == (host.writes(), member.writes())
    real = _unjoin(fleet)[0]
    assert [text.replace("would delete", "deleted") for text in steps(dry)] == steps(real)


def test_unjoin_of_a_join_cut_short_by_one_who_may_not_list_leaves_the_host() -> None:
    """What cannot be seen whole is not deleted."""
    fleet, host, member = _cut_short()
    host.fail_next("list", error(ForbiddenError, 403), name="secrets")
    assert None is _unjoin(fleet)[1]
    assert [] == host.writes()
    assert [] == _held(member, NAMESPACES)


def test_unjoin_where_the_host_serves_no_clusters_leaves_its_secrets() -> None:
    """Without registrations nothing tells whose a Secret is."""
    fleet, host, member = _cut_short()
    host.fail_next("list", not_found(), name="kubefedclusters")
    assert None is _unjoin(fleet)[1]
    assert [] == host.writes()
    assert [] == _held(member, NAMESPACES)


def test_unjoin_takes_away_the_secrets_of_earlier_joins() -> None:
    """A join that named its Secret left the generated one of a join that was cut short."""
    fleet, host, _ = _joined()
    (named,) = host.objects(SECRETS)
    metadata = {**place(Key(KNS, "c1-left")), "generateName": "c1-"}
    host.add(SECRETS, {**named, "metadata": metadata})
    assert None is _unjoin(fleet)[1]
    assert [] == host.objects(SECRETS)


# --- showing -------------------------------------------------------------------------------------

SHOWN = replace(OPTIONS, is_dry_run=True, prints_objects=True)


def _shown(events: list[Event]) -> list[Object]:
    (documents,) = [event for event in events if isinstance(event, Documents)]
    return list(documents.objects)


def test_unjoin_shows_what_goes_in_its_order_and_deletes_nothing() -> None:
    """The objects as they stand, the Secrets without what they hold."""
    fleet, host, member = _joined()
    events, failure = _unjoin(fleet, SHOWN)
    assert (None, [], []) == (failure, host.writes(), member.writes())
    (secret,) = host.objects(SECRETS)
    assert [
        ("ClusterRoleBinding", ROLE),
        ("ClusterRole", ROLE),
        ("ServiceAccount", "c1-host"),
        ("Secret", "c1-host"),
        ("Namespace", KNS),
        ("Secret", secret["metadata"]["name"]),
        ("KubeFedCluster", "c1"),
    ] == [(found["kind"], found["metadata"]["name"]) for found in _shown(events)]
    secrets = [found for found in _shown(events) if found["kind"] == "Secret"]
    assert [] == [found for found in secrets if "data" in found]
    assert JWT not in str(_shown(events))
    assert host.find(KUBEFED_CLUSTERS, Key(KNS, "c1")) in _shown(events)


def test_unjoin_shows_and_goes_on_where_it_is_no_dry_run() -> None:
    """A server dry run goes through every deletion."""
    fleet, host, _ = _joined()
    events, _ = _unjoin(fleet, replace(SHOWN, is_dry_run=False))
    assert isinstance(events[0], Documents)
    assert ([GONE], False) == (words(events), _is_registered(host))


@pytest.mark.parametrize("fate", [Fate.PURGED, Fate.ORPHANED])
def test_unjoin_shows_what_was_propagated(fate: Fate) -> None:
    """Whole, and before all else; a propagated Secret without its values."""
    fleet, host, member = _joined()
    add_type_config(host, SECRETS)
    member.add(CONFIG_MAP, managed(data={"k": "v"}))
    member.add(SECRETS, managed(Key("shop", "key"), data={"k": JWT}))
    events, _ = _unjoin(fleet, replace(SHOWN, fate=fate))
    first, second, *_ = _shown(events)
    assert ({"k": "v"}, "web") == (first["data"], first["metadata"]["name"])
    assert ("key", False) == (second["metadata"]["name"], "data" in second)
    assert 9 == len(_shown(events))


def test_unjoin_shows_the_host_s_part_alone_where_the_member_is_dead() -> None:
    """With force, as the run would go; without, it fails as the run would."""
    fleet, _, _ = _joined()
    nowhere = replace(SHOWN, cluster_context="none")
    assert isinstance(_unjoin(fleet, nowhere)[1], KubeconfigError)
    events, _ = _unjoin(fleet, replace(nowhere, force=True))
    assert ["Secret", "KubeFedCluster"] == [found["kind"] for found in _shown(events)]
    assert words(events)[0].startswith("warning: cluster c1 is not cleaned")


def test_unjoin_shows_nothing_of_what_is_not_joined() -> None:
    """It fails as the run would; with remains of a join it shows them."""
    fleet, _, _ = _cut_short()
    assert 6 == len(_shown(_unjoin(fleet, SHOWN)[0]))
    _unjoin(fleet)
    assert isinstance(_unjoin(fleet, SHOWN)[1], InputError)
