"""Tests of `join --rbac types`: what is granted, what is told, and how it grows with the types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.core.granting import rejoin_command
from kubefedctl.core.joining import (
    GRANTED_TYPES_ANNOTATION,
    granted_types,
    make_roles,
)
from kubefedctl.errors import ForbiddenError
from kubefedctl.model.events import Event
from kubefedctl.model.objects import annotations_of, key_of, map_at
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CLUSTER_ROLES, KUBEFED_CLUSTERS, ROLES
from kubefedctl.ops.granting import widen_roles
from kubefedctl.ops.join import Rbac
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import (
    AGAIN,
    CLUSTER_KEY,
    NAMES,
    OPTIONS,
    ROLE,
    make_pair,
    registration_of,
    run_join,
)
from tests.ops.stage import AT_ONCE, KNS, add_type_config, error, steps, told, words

NARROW = replace(OPTIONS, rbac=Rbac.TYPES)
GRANTING = "kubefedctl join c1 --error-on-existing=false --rbac types"
COMMAND = f"{GRANTING} --host-cluster-name host --api-endpoint https://c1.example"


def _rules(member: MemoryCluster) -> list[Object]:
    found = member.find(CLUSTER_ROLES, Key("", ROLE))
    assert found is not None
    return list(found["rules"])


def _widen(fleet: MemoryFleet) -> list[Event]:
    return list(widen_roles(fleet, kubefed_namespace=KNS))


def _narrow_pair() -> tuple[MemoryFleet, MemoryCluster, MemoryCluster]:
    """Return a joined pair to whose host a type was added since."""
    fleet, host, member = make_pair()
    assert None is run_join(fleet, NARROW)[1]
    add_type_config(host, DEPLOYMENT)
    return fleet, host, member


def test_join_rbac_types_grants_the_enabled_types_and_probes() -> None:
    """No rule has a star."""
    fleet, host, member = make_pair()
    assert None is run_join(fleet, NARROW)[1]
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
    assert [
        {"verbs": verbs, "apiGroups": [""], "resources": ["configmaps", "namespaces"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["namespaces"]},
        {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
        {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/version"]},
    ] == _rules(member)
    assert {
        "kubefed.io/granted-types": "configmaps,namespaces",
        "kubefed.io/cluster-context": "c1",
        "kubefed.io/host-cluster-name": "host",
    } == annotations_of(registration_of(host))


def test_join_rbac_types_leaves_out_disabled_types() -> None:
    """A type whose propagation is off needs no rights."""
    fleet, host, _ = make_pair()
    add_type_config(host, DEPLOYMENT, propagation="Disabled")
    run_join(fleet, NARROW)
    assert {"configmaps", "namespaces"} == granted_types(registration_of(host))


def test_join_rbac_types_in_namespaced_scope_grants_in_the_namespace() -> None:
    """Cluster-scoped types are not among the rules of a Role."""
    fleet, _, member = make_pair(scope="Namespaced")
    assert None is run_join(fleet, NARROW)[1]
    found = member.find(ROLES, Key(KNS, ROLE))
    assert ["configmaps"] == [r for rule in map_at(found)["rules"] for r in rule["resources"]]


def test_join_again_keeps_what_the_account_may_do() -> None:
    """Without --rbac it is as joined before, with the types of today."""
    fleet, host, member = _narrow_pair()
    assert None is run_join(fleet, AGAIN)[1]
    expected = make_roles(NAMES, scope="Cluster", types=(NAMESPACE, CONFIG_MAP, DEPLOYMENT))
    assert expected[0][1]["rules"] == _rules(member)
    assert {"configmaps", "deployments.apps", "namespaces"} == granted_types(registration_of(host))


def test_join_again_with_rbac_full_grants_all_and_forgets_the_types() -> None:
    """The annotations that record types are gone."""
    fleet, host, member = _narrow_pair()
    assert None is run_join(fleet, replace(AGAIN, rbac=Rbac.FULL))[1]
    assert make_roles(NAMES, scope="Cluster")[0][1]["rules"] == _rules(member)
    assert {} == annotations_of(registration_of(host))


def test_sync_tells_which_types_an_account_may_not_touch() -> None:
    """The command that grants them is in the warning, ready to be run."""
    fleet, _, _ = _narrow_pair()
    events, _ = told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    assert (
        f"warning: the account in cluster c1 may not touch deployments.apps; run `{COMMAND}`"
    ) in words(events)


@pytest.mark.parametrize("options", [OPTIONS, NARROW], ids=["full", "types"])
def test_sync_tells_nothing_where_all_is_granted(options: object) -> None:
    """Members joined as the original does are not spoken of."""
    fleet, _, _ = make_pair()
    run_join(fleet, options)  # type: ignore[arg-type]
    events, _ = told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    assert not [text for text in words(events) if "may not touch" in text]


def test_widen_roles_where_the_context_is_at_hand() -> None:
    """Rules and annotation follow the types; a second run changes nothing."""
    fleet, host, member = _narrow_pair()
    assert ["the account in cluster c1 may touch deployments.apps"] == steps(_widen(fleet))
    assert "deployments" in [r for rule in _rules(member) for r in rule.get("resources", ())]
    assert {"configmaps", "deployments.apps", "namespaces"} == granted_types(registration_of(host))
    before = member.writes()
    assert [] == _widen(fleet)
    assert before == member.writes()


def test_widen_roles_of_full_members_asks_no_member() -> None:
    """They may do everything already."""
    fleet, host, member = make_pair()
    run_join(fleet)
    add_type_config(host, DEPLOYMENT)
    before = list(member.requests)
    assert [] == _widen(fleet)
    assert before == member.requests


def _lose_context(fleet: MemoryFleet, host: MemoryCluster, _: MemoryCluster) -> None:
    del fleet._members["c1"]


def _lead_elsewhere(_: MemoryFleet, host: MemoryCluster, __: MemoryCluster) -> None:
    spec = {**registration_of(host)["spec"], "apiEndpoint": "https://other.example"}
    host.alter(KUBEFED_CLUSTERS, CLUSTER_KEY, spec=spec)


def _lose_role(_: MemoryFleet, __: MemoryCluster, member: MemoryCluster) -> None:
    member.remove(CLUSTER_ROLES, Key("", ROLE))


def _refuse(_: MemoryFleet, __: MemoryCluster, member: MemoryCluster) -> None:
    member.fail_next("update", error(ForbiddenError, 403), name=ROLE)


@pytest.mark.parametrize("trouble", [_lose_context, _lead_elsewhere, _lose_role, _refuse])
def test_widen_roles_that_cannot_tells_the_command(trouble: object) -> None:
    """Nothing is written to a cluster that may be another one, and nothing is recorded."""
    fleet, host, member = _narrow_pair()
    trouble(fleet, host, member)  # type: ignore[operator]
    before = member.writes()
    [event] = _widen(fleet)
    [text] = words([event])
    assert f"may not touch deployments.apps; run `{GRANTING}" in text
    assert [found for found in member.writes() if found not in before] in (
        [],
        [("update", f"ClusterRole/{ROLE}")],
    )
    assert {"configmaps", "namespaces"} == granted_types(registration_of(host))


def test_widen_roles_with_an_unreadable_host_is_a_warning() -> None:
    """The types are enabled all the same."""
    fleet, host, _ = _narrow_pair()
    host.fail_next("list", error(ForbiddenError, 403))
    [text] = words(_widen(fleet))
    assert text.startswith("warning: roles of members joined with --rbac types are as before")


def test_rejoin_command_names_context_and_quotes() -> None:
    """It can be pasted into a shell."""
    registered: Object = {
        "metadata": {
            "name": "c1",
            "annotations": {
                GRANTED_TYPES_ANNOTATION: "",
                "kubefed.io/cluster-context": "my context",
            },
        }
    }
    assert f"{GRANTING} --cluster-context 'my context'" == rejoin_command(
        registered, {"--rbac": "types"}
    )


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_widen_roles_keeps_the_right_to_renew_the_token(scope: str) -> None:
    """An account whose token ends goes on asking for the next one."""
    fleet, host, member = make_pair(scope=scope)
    assert None is run_join(fleet, NARROW)[1]
    metadata = registration_of(host)["metadata"]
    noted = {**metadata["annotations"], "kubefed.io/token-expires": "2099-01-01T00:00:00Z"}
    host.alter(KUBEFED_CLUSTERS, CLUSTER_KEY, metadata={**metadata, "annotations": noted})
    types = (NAMESPACE, CONFIG_MAP)
    for resource, body in make_roles(NAMES, scope=scope, types=types, renews_token=True):
        if member.find(resource, key_of(body)) is not None:
            member.remove(resource, key_of(body))
        member.add(resource, body)
    add_type_config(host, DEPLOYMENT)
    assert ["the account in cluster c1 may touch deployments.apps"] == steps(_widen(fleet))
    found = member.find(ROLES, Key(KNS, ROLE))
    assert ["serviceaccounts/token"] == map_at(found)["rules"][-1]["resources"]
