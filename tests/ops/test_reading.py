"""Tests of reading the host and the members, and of what a failing list means."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ClusterError,
    ControlPlaneError,
    ForbiddenError,
    NotFoundError,
    ServerError,
)
from kubefedctl.model.objects import uid_of
from kubefedctl.model.readings import ClusterReading, Desired, FederationConfig
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import Scope
from kubefedctl.model.wellknown import (
    CLUSTER_PROPAGATED_VERSIONS,
    NAMESPACES,
    PROPAGATED_VERSIONS,
    SECRETS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.configuring import read_config
from kubefedctl.ops.reading import (
    Federation,
    read_desired,
    read_federation,
    read_member,
    synced_types,
)
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    FEDERATED_NAMESPACES,
    KNS,
    WEB,
    add_type_config,
    error,
    federate,
    federate_namespace,
    make_host,
    managed,
    place,
    register,
)

NAMESPACED: Object = {"scope": "Namespaced"}


def _read(host: MemoryCluster) -> Federation:
    return read_federation(host, kubefed_namespace=KNS)


def _desire(host: MemoryCluster) -> Desired:
    return read_desired(host, _read(host))


# --- the federation ------------------------------------------------------------------------------


def test_read_config_gives_what_it_says() -> None:
    """Gaps are filled with KubeFed's defaults."""
    host = make_host(spec={"syncController": {"adoptResources": "Disabled"}})
    expected = FederationConfig(adopts=False, probe_attempts=2)
    assert expected == read_config(host, kubefed_namespace=KNS)


def test_read_config_absent_is_no_control_plane() -> None:
    """The message names what is missing and where."""
    with pytest.raises(ControlPlaneError) as caught:
        read_config(MemoryCluster("host"), kubefed_namespace="other")
    expected = "no KubeFedConfig kubefed in namespace other of host cluster host"
    assert expected == caught.value.message
    assert "kubefedctl init" in caught.value.hint


def test_read_config_refused_is_the_cluster_s_error() -> None:
    """A 403 says nothing about KubeFed."""
    host = make_host()
    host.fail_next("get", error(ForbiddenError, 403))
    with pytest.raises(ForbiddenError):
        _read(host)


def test_read_config_impossible_value_is_named() -> None:
    """A field that KubeFed would refuse ends the run."""
    with pytest.raises(ControlPlaneError, match="scope"):
        _read(make_host(spec={"scope": "Galaxy"}))


def test_read_federation_knows_members_and_types() -> None:
    """One list each: clusters, types, Secrets."""
    host = make_host()
    found = _read(host)
    assert ["c1", "c2"] == sorted(found.registrations)
    assert {"c1": "t0ken", "c2": "t0ken"} == {n: a.token for n, a in found.accesses.items()}
    assert ["configmaps", "namespaces"] == [t.name for t in found.types]
    assert {} == found.malformed
    lists = sorted(subject for act, subject in host.requests if act == "list")
    assert ["federatedtypeconfigs", "kubefedclusters", "secrets"] == lists


def test_read_federation_without_members_asks_for_no_secrets() -> None:
    """An empty federation is one, too."""
    host = make_host(members=())
    assert {} == dict(_read(host).registrations)
    assert ("list", "secrets") not in host.requests


@pytest.mark.parametrize("plural", ["kubefedclusters", "federatedtypeconfigs"])
def test_read_federation_list_fails_ends_the_run(plural: str) -> None:
    """Members or types that are not known completely allow no decision."""
    host = make_host()
    host.fail_next("list", error(ServerError, 500), name=plural)
    with pytest.raises(ServerError):
        _read(host)


def test_read_federation_type_config_unusable_ends_the_run() -> None:
    """A type config without a kind cannot be read."""
    host = make_host()
    host.add(TYPE_CONFIGS, {"metadata": place(Key(KNS, "broken")), "spec": {}})
    with pytest.raises(ControlPlaneError, match="broken"):
        _read(host)


def test_read_federation_ca_bundle_no_base64_is_malformed_but_registered() -> None:
    """It cannot be asked, and still counts: deletions must wait for it."""
    host = make_host(members=["c1"])
    register(host, "c2", caBundle="%%%")
    found = _read(host)
    assert ["c1", "c2"] == sorted(found.registrations)
    assert {"c2": "KubeFedCluster c2: spec.caBundle is not base64"} == dict(found.malformed)
    assert ["c1"] == list(found.accesses)


def _break_token(host: MemoryCluster, data: Object) -> None:
    host.alter(SECRETS, Key(KNS, "c1-token"), data=data)


@pytest.mark.parametrize(
    "data",
    [{}, {"token": ""}, {"token": 7}, {"token": "%%"}, {"token": "w6k="}],
    ids=["missing", "empty", "number", "no-base64", "no-ascii"],
)
def test_read_federation_token_unusable_is_malformed(data: Object) -> None:
    """What is no token is not sent to anybody."""
    host = make_host(members=["c1"])
    _break_token(host, data)
    found = _read(host)
    assert {"c1": f"Secret {KNS}/c1-token has no usable token"} == dict(found.malformed)


def test_read_federation_secret_missing_is_malformed() -> None:
    """A registration without its Secret, or without naming one, cannot be used."""
    host = make_host(members=())
    register(host, "c1", token=None)
    register(host, "c2", token=None, secretRef={})
    assert {
        "c1": f"Secret {KNS}/c1-token has no usable token",
        "c2": "spec.secretRef.name is missing",
    } == dict(_read(host).malformed)
    assert ("get", f"Secret/{KNS}/c1-token") in host.requests


def test_read_federation_secrets_may_not_be_listed_asks_for_each() -> None:
    """Rights to the named Secrets are enough."""
    host = make_host()
    host.fail_next("list", error(ForbiddenError, 403), name="secrets")
    assert ["c1", "c2"] == sorted(_read(host).accesses)
    assert 2 == sum(subject.startswith("Secret/") for _, subject in host.requests)


def test_read_federation_secret_of_another_type_is_asked_for() -> None:
    """A token Secret that somebody made by hand need not be Opaque."""
    host = make_host(members=["c1"])
    host.alter(SECRETS, Key(KNS, "c1-token"), type="example.com/token")
    assert ["c1"] == list(_read(host).accesses)


# --- which types ---------------------------------------------------------------------------------


def test_synced_types_disabled_type_is_neither_synced_nor_a_failure() -> None:
    """Propagation that is off is a wish."""
    host = make_host(types=[NAMESPACE])
    add_type_config(host, CONFIG_MAP, propagation="Disabled")
    types, failures = synced_types(_read(host))
    assert (["namespaces"], {}) == ([found.name for found in types], failures)


def test_synced_types_namespaces_disabled_still_counts_as_there() -> None:
    """Placement reads FederatedNamespaces, whether they are propagated or not."""
    host = make_host(types=[CONFIG_MAP])
    add_type_config(host, NAMESPACE, propagation="Disabled")
    federate_namespace(host)
    desired = _desire(host)
    assert (["configmaps"], ["shop"]) == ([t.name for t in desired.types], list(desired.namespaces))
    assert "namespaces" not in desired.federated


def test_synced_types_without_namespaces_only_cluster_scoped_ones_are() -> None:
    """Namespaced types depend on the type config of namespaces, and that is told."""
    host = make_host(types=[CONFIG_MAP, CLUSTER_ROLE])
    federate(host)
    desired = _desire(host)
    assert ["configmaps"] == list(desired.failures)
    assert "kubefedctl enable namespaces" in desired.failures["configmaps"]
    assert ["clusterroles.rbac.authorization.k8s.io"] == list(desired.federated)
    assert {} == desired.namespaces


def test_synced_types_namespaced_scope_leaves_out_cluster_scoped_ones() -> None:
    """In one namespace there is nothing cluster-scoped to sync."""
    host = make_host(types=[NAMESPACE, CONFIG_MAP, CLUSTER_ROLE], spec=NAMESPACED)
    assert ["configmaps"] == [found.name for found in synced_types(_read(host))[0]]


# --- what is desired -----------------------------------------------------------------------------


def test_read_desired_has_everything_that_the_planner_needs() -> None:
    """Federated objects, version objects, and the uids of the host's namespaces."""
    host = make_host()
    federate_namespace(host)
    federate(host)
    version = Key("shop", "configmap-web")
    host.add(PROPAGATED_VERSIONS, {"metadata": place(version)})
    desired = _desire(host)
    assert [WEB] == list(desired.federated["configmaps"])
    assert [Key("shop", "shop")] == list(desired.federated["namespaces"])
    assert {PROPAGATED_VERSIONS} == set(desired.versions)
    assert [version] == list(desired.versions[PROPAGATED_VERSIONS])
    shop = host.find(NAMESPACES, Key("", "shop")) or {}
    assert uid_of(shop) == desired.host_namespace_uids["shop"]
    assert {} == desired.failures


def test_read_desired_cluster_scoped_types_have_version_objects_of_their_own() -> None:
    """They are read where such a type is, and the others where there is a namespaced one."""
    host = make_host(types=[CLUSTER_ROLE])
    add_type_config(host, NAMESPACE, propagation="Disabled")
    federate(host, Key("", "x"), target=CLUSTER_ROLE)
    host.add(CLUSTER_PROPAGATED_VERSIONS, {"metadata": {"name": "clusterrole-x"}})
    desired = _desire(host)
    assert [CLUSTER_PROPAGATED_VERSIONS] == list(desired.versions)
    assert [Key("", "clusterrole-x")] == list(desired.versions[CLUSTER_PROPAGATED_VERSIONS])
    assert {} == desired.host_namespace_uids


def test_read_desired_nothing_federated_reads_no_more() -> None:
    """A federation without federated objects needs no version objects."""
    host = make_host()
    desired = _desire(host)
    assert ({}, {}) == (desired.versions, desired.host_namespace_uids)
    assert ("list", "propagatedversions") not in host.requests


def test_read_desired_namespaced_scope_reads_that_namespace_alone() -> None:
    """Rights in the KubeFed namespace are enough: neither namespaces nor other objects are read."""
    host = make_host(spec=NAMESPACED)
    federate(host, Key(KNS, "ours"))
    federate(host)
    desired = _desire(host)
    assert Scope.NAMESPACED is desired.config.scope
    assert [Key(KNS, "ours")] == list(desired.federated["configmaps"])
    assert [PROPAGATED_VERSIONS] == list(desired.versions)
    assert ("list", "namespaces") not in host.requests


def test_read_desired_misnamed_federated_namespace_does_not_count() -> None:
    """Only the one that is named like its namespace says where a namespace is."""
    host = make_host()
    federate(host, Key("shop", "other"), target=NAMESPACE)
    assert {} == _desire(host).namespaces


def test_read_desired_a_type_s_list_fails_leaves_that_type_out() -> None:
    """A failed list is no empty one."""
    host = make_host()
    federate_namespace(host)
    host.fail_next("list", error(NotFoundError, 404), name=FEDERATED_CONFIG_MAPS.plural)
    desired = _desire(host)
    assert ["configmaps"] == list(desired.failures)
    assert ["namespaces"] == list(desired.federated)


@pytest.mark.parametrize(
    "plural", [FEDERATED_NAMESPACES.plural, "propagatedversions", "namespaces"]
)
def test_read_desired_list_that_all_depend_on_fails_ends_the_run(plural: str) -> None:
    """Without FederatedNamespaces, versions or namespaces nothing can be decided."""
    host = make_host()
    federate(host)
    host.fail_next("list", error(ServerError, 500), name=plural)
    with pytest.raises(ClusterError):
        _desire(host)


# --- what members have ---------------------------------------------------------------------------


def test_read_member_has_managed_objects_alone() -> None:
    """What is not labelled is none of our business."""
    member = MemoryCluster("c1")
    ours = member.add(CONFIG_MAP, managed())
    member.add(CONFIG_MAP, {"metadata": place(Key("shop", "theirs"))})
    expected = ClusterReading("c1", True, objects={"configmaps": {WEB: ours}, "namespaces": {}})
    assert expected == read_member(member, _desire(make_host()))


def test_read_member_type_not_served_is_a_failure_of_that_type() -> None:
    """The other types of that member are synced."""
    member = MemoryCluster("c1")
    member.fail_next("list", error(NotFoundError, 404), name="configmaps")
    found = read_member(member, _desire(make_host()))
    assert (["configmaps"], ["namespaces"]) == (list(found.failures), list(found.objects))


def test_read_member_does_not_ask_for_types_that_the_host_could_not_read() -> None:
    """What is not desired completely is not compared."""
    host = make_host()
    host.fail_next("list", error(ServerError, 500), name=FEDERATED_CONFIG_MAPS.plural)
    member = MemoryCluster("c1")
    read_member(member, _desire(host))
    assert [("list", "namespaces")] == member.requests


def test_read_member_namespaced_scope_reads_that_namespace_alone() -> None:
    """Objects elsewhere are not seen, so they are not taken for orphans."""
    member = MemoryCluster("c1")
    ours = Key(KNS, "ours")
    member.add(CONFIG_MAP, managed())
    member.add(CONFIG_MAP, managed(ours))
    found = read_member(member, _desire(make_host(spec=NAMESPACED)))
    assert [ours] == list(found.objects["configmaps"])
