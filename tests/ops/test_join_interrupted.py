"""
Tests of join and unjoin with every one of their requests made to fail once.

A request fails before the server acts, or after: then its answer is lost. The next run completes
what is half done, and leaves what a run without trouble leaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import pytest

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.joining import make_roles
from kubefedctl.errors import InputError, KubefedctlError, RefusedError, UnreachableError
from kubefedctl.model.clusters import MemberAccess
from kubefedctl.model.events import Event
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    KUBEFED_CLUSTERS,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from kubefedctl.ops.join import Credential, JoinOptions, Rbac, join
from kubefedctl.ops.unjoin import UnjoinOptions, unjoin
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import AGAIN, CLUSTER_KEY, NAMES, OPTIONS
from tests.ops.stage import AT_ONCE, error, issue_token, make_host, served, told
from tests.ops.test_credentials import IssuingCluster

REQUESTS = {"read", "list", "get", "create", "update", "patch", "delete", "discover"}
KINDS = (
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    ROLES,
    ROLE_BINDINGS,
    KUBEFED_CLUSTERS,
)
MOMENTS = pytest.mark.parametrize("is_lost", [False, True], ids=["refused", "answer-lost"])
COMPLETING = "kubefedctl join c1 --error-on-existing=false --host-cluster-context host"
UNJOIN = UnjoinOptions("c1", host_cluster_context="host")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass
class Fault:
    """The request that fails: the *left*-th from now, before or after the server has acted."""

    left: int
    is_lost: bool

    def carry_out(self, request: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left != 0:
            return request(*args, **named)
        if self.is_lost:
            request(*args, **named)
        raise error(UnreachableError, 0, "ReadTimeout")


class CutCluster:
    """A cluster whose requests a fault may hit."""

    def __init__(self, cluster: MemoryCluster, fault: Fault) -> None:
        self._cluster = cluster
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cluster, name)
        return partial(self._fault.carry_out, found) if name in REQUESTS else found


class CutFleet:
    """A fleet whose requests a fault may hit, whichever cluster they go to."""

    def __init__(self, fleet: MemoryFleet, fault: Fault) -> None:
        self._fleet = fleet
        self._fault = fault

    @property
    def host(self) -> Cluster:
        return self._cut(self._fleet.host)

    def context(self, name: str) -> Cluster:
        return self._cut(self._fleet.context(name))

    def connect(self, access: MemberAccess) -> Cluster:
        return self._cut(self._fleet.connect(access))

    def _cut(self, cluster: MemoryCluster) -> Cluster:
        return cast(Cluster, CutCluster(cluster, self._fault))


@dataclass
class Scene:
    """A fleet to run in, and its member."""

    fleet: MemoryFleet
    member: MemoryCluster

    def state(self) -> list[Object]:
        """Return all that both clusters hold, without what differs from run to run."""
        clusters = (self.fleet.host, self.member)
        found = [_plain(o) for c in clusters for kind in KINDS for o in c.objects(kind)]
        return sorted(found, key=str)


def _plain(found: Any) -> Any:
    if isinstance(found, str):
        return re.sub(r"^(c1-)\d+$", r"\1*", _TIME.sub("TIME", found))
    if isinstance(found, list):
        return [_plain(item) for item in found]
    if not isinstance(found, dict):
        return found
    own = ("uid", "resourceVersion", "generation")
    kept = {k: _plain(v) for k, v in found.items() if k not in own}
    # NB: each TokenRequest gives another token
    return {**kept, "token": "TOKEN"} if "token" in kept else kept


def _scene(*, scope: str = "Cluster") -> Scene:
    host, member = make_host(members=("c2",), spec={"scope": scope}), IssuingCluster()
    member.discovery = served(*KINDS)  # type: ignore[attr-defined]
    member.react_to(SECRETS, issue_token)
    return Scene(MemoryFleet(host, {"c1": member, "c2": MemoryCluster("c2")}), member)


def _join(fleet: MemoryFleet | CutFleet, options: JoinOptions) -> KubefedctlError | None:
    return _end(join(cast(Fleet, fleet), options, pace=AT_ONCE))


def _end(events: Iterator[Event]) -> KubefedctlError | None:
    return told(events)[1]


def _each_fault(is_lost: bool, *, make: Callable[[], Scene]) -> Iterator[tuple[Scene, Fault]]:
    """Yield a new scene and a fault for the first, second, ... request, until none is hit."""
    for number in range(1, 100):
        fault = Fault(number, is_lost)
        yield make(), fault
        if fault.left > 0:
            assert number > 10
            return
    raise AssertionError("a run does not end")


def _joined(options: JoinOptions = OPTIONS, **config: str) -> Scene:
    scene = _scene(**config)
    assert None is _join(scene.fleet, options)
    return scene


def _joined_otherwise() -> Scene:
    """A member that is joined, whose binding is to be replaced."""
    scene = _joined()
    binding = scene.member.find(
        CLUSTER_ROLE_BINDINGS, key_of(make_roles(NAMES, scope="Cluster")[1][1])
    )
    assert binding is not None
    scene.member.alter(
        CLUSTER_ROLE_BINDINGS, key_of(binding), roleRef={**binding["roleRef"], "name": "other"}
    )
    return scene


OPTION_SETS = pytest.mark.parametrize(
    "options",
    [
        AGAIN,
        replace(AGAIN, secret_name="mine", labels={"region": "eu"}),
        replace(AGAIN, credential=Credential.TOKENREQUEST, rbac=Rbac.TYPES),
    ],
    ids=["generated-secret", "named-secret", "token-that-ends"],
)


@OPTION_SETS
@MOMENTS
@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_join_cut_short_is_completed_by_the_same_join(
    options: JoinOptions, is_lost: bool, scope: str
) -> None:
    """Whichever request fails, the second run leaves what one run without trouble leaves."""
    expected = _joined(options, scope=scope).state()
    for scene, fault in _each_fault(is_lost, make=partial(_scene, scope=scope)):
        number = fault.left
        _join(CutFleet(scene.fleet, fault), options)
        assert (number, None) == (number, _join(scene.fleet, options))
        assert (number, expected) == (number, scene.state())


@MOMENTS
def test_join_cut_short_is_refused_without_a_write_until_it_may_update(is_lost: bool) -> None:
    """By default what is there is refused, as KubeFed does; the hint tells how to complete it."""
    expected = _joined().state()
    for scene, fault in _each_fault(is_lost, make=_scene):
        number = fault.left
        cut = _join(CutFleet(scene.fleet, fault), OPTIONS)
        before = scene.state()
        is_half_made = _is_half_made(scene)
        assert cut is None or not is_half_made or COMPLETING in cut.hint, number
        failure = _join(scene.fleet, OPTIONS)
        if failure is not None:
            assert isinstance(failure, RefusedError), number
            assert COMPLETING in failure.hint
            assert (number, before) == (number, scene.state())
            assert None is _join(scene.fleet, AGAIN), number
        assert (number, expected) == (number, scene.state())


@MOMENTS
def test_join_cut_short_once_registered_lacks_nothing_but_the_status(is_lost: bool) -> None:
    """The KubeFedCluster is written last, so a refused second join has nothing left to do."""
    expected = _without_status(_joined().state())
    registered = 0
    for scene, fault in _each_fault(is_lost, make=_scene):
        _join(CutFleet(scene.fleet, fault), OPTIONS)
        if scene.fleet.host.find(KUBEFED_CLUSTERS, CLUSTER_KEY) is not None:
            registered += 1
            assert expected == _without_status(scene.state())
    assert registered > 1


@MOMENTS
@pytest.mark.parametrize("make", [_joined, _joined_otherwise], ids=["same", "other-binding"])
def test_join_again_cut_short_is_completed(make: Callable[[], Scene], is_lost: bool) -> None:
    """A member that was joined before is joined as well, with one Secret in the host."""
    expected = _joined().state()
    for scene, fault in _each_fault(is_lost, make=make):
        number = fault.left
        _join(CutFleet(scene.fleet, fault), AGAIN)
        assert (number, None) == (number, _join(scene.fleet, AGAIN))
        assert (number, expected) == (number, scene.state())


def test_join_cut_short_by_an_error_with_a_hint_has_both_in_its_own() -> None:
    """What is to be mended comes first, then the command; "the command again" would be refused."""
    hints = {"have it granted": f"have it granted; then run: {COMPLETING}"}
    hints["wait, then run the command again later"] = f"wait, then run: {COMPLETING}"
    for hint, expected in hints.items():
        scene = _scene()
        failure = error(UnreachableError, 0)
        failure.hint = hint
        scene.member.fail_next("create", failure, name="c1-host")
        failed = _join(scene.fleet, OPTIONS)
        assert expected == (failed.hint if failed else "")


def test_join_cut_short_names_the_command_with_all_that_was_given() -> None:
    """Pasted into a shell it asks for the same, and completes it."""
    scene = _scene()
    options = replace(
        OPTIONS,
        cluster_context="c1",
        host_cluster_name="hub",
        secret_name="mine",
        labels={"region": "eu", "tier": "a"},
        api_endpoint="https://c1.example",
        rbac=Rbac.TYPES,
        credential=Credential.TOKEN,
        kubeconfig="my config",
    )
    scene.fleet.host.fail_next("create", error(UnreachableError, 0), name="mine")
    failure = _join(scene.fleet, options)
    expected = (
        "run: kubefedctl join c1 --error-on-existing=false --cluster-context c1"
        " --host-cluster-context host --host-cluster-name hub --secret-name mine"
        " --api-endpoint https://c1.example --labels region=eu,tier=a --rbac types"
        " --credential token --kubeconfig 'my config'"
    )
    assert expected == (failure.hint if failure else "")


def _is_half_made(scene: Scene) -> bool:
    """The member has something of a join, and the host has no KubeFedCluster."""
    is_registered = scene.fleet.host.find(KUBEFED_CLUSTERS, CLUSTER_KEY) is not None
    return bool(scene.member.objects(SERVICE_ACCOUNTS)) and not is_registered


@MOMENTS
@pytest.mark.parametrize("make", [_scene, _joined], ids=["first", "again"])
def test_join_cut_short_is_taken_away_by_unjoin(make: Callable[[], Scene], is_lost: bool) -> None:
    """No Secret is left in the host, and nothing in the member."""
    undisturbed = _joined()
    assert None is _end(unjoin(undisturbed.fleet, UNJOIN, confirm=_agree))
    expected = undisturbed.state()
    for scene, fault in _each_fault(is_lost, make=make):
        number = fault.left
        _join(CutFleet(scene.fleet, fault), AGAIN)
        _end(unjoin(scene.fleet, UNJOIN, confirm=_agree))
        assert (number, expected) == (number, scene.state())


@MOMENTS
def test_join_switched_to_a_token_that_ends_cut_short_is_completed(is_lost: bool) -> None:
    """The token that stays goes, and none is left in either cluster that nobody uses."""
    switched = replace(AGAIN, credential=Credential.TOKENREQUEST)
    expected = _joined(replace(OPTIONS, credential=Credential.TOKENREQUEST)).state()
    for scene, fault in _each_fault(is_lost, make=_joined):
        number = fault.left
        _join(CutFleet(scene.fleet, fault), switched)
        assert (number, None) == (number, _join(scene.fleet, switched))
        assert (number, expected) == (number, scene.state())


def _agree(question: str) -> None:
    """Say yes."""


@MOMENTS
@pytest.mark.parametrize("force", [False, True], ids=["plain", "force"])
@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_unjoin_cut_short_is_completed_by_the_same_unjoin(
    force: bool, is_lost: bool, scope: str
) -> None:
    """The second run cleans up; where nothing was left to clean up it says so."""
    options = replace(UNJOIN, force=force)
    undisturbed = _joined(scope=scope)
    assert None is _end(unjoin(undisturbed.fleet, options, confirm=_agree))
    expected = undisturbed.state()
    for scene, fault in _each_fault(is_lost, make=partial(_joined, scope=scope)):
        number = fault.left
        _end(unjoin(cast(Fleet, CutFleet(scene.fleet, fault)), options, confirm=_agree))
        was_gone = scene.fleet.host.find(KUBEFED_CLUSTERS, CLUSTER_KEY) is None
        failure = _end(unjoin(scene.fleet, options, confirm=_agree))
        assert failure is None or (was_gone and isinstance(failure, InputError)), number
        assert (number, expected) == (number, scene.state())


def _without_status(state: list[Object]) -> list[Object]:
    return sorted(({k: v for k, v in o.items() if k != "status"} for o in state), key=str)
