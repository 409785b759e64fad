"""
The original controllers and `sync` on the same federation of some forty federated objects.

Both bring the same stage in step, act by act, and what they leave is compared field by field; then
each takes over from the other and has nothing to write. The whole is run once for each tool, and
the tests look at what was written down.

Skipped where `KUBEFED_ASSETS` names no folder with the original programs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from tests.compat.originals import Original, eventually, find_originals
from tests.compat.snapshots import (
    MARKER,
    Snapshot,
    differences,
    list_members,
    resource_versions,
    statuses,
    take_snapshot,
)
from tests.compat.takeover import ACTS, CORE, KINDS
from tests.controlplanes.fixtures import make_environment
from tests.controlplanes.pool import Pool
from tests.e2e.clusters import KNS, Clusters, Ran
from tests.e2e.federated import federate, federated_path
from tests.e2e.ground import KUBEFEDS_OWN_WAY

FOLDER = find_originals(os.environ)
if FOLDER is None:
    pytest.skip(
        "KUBEFED_ASSETS names no folder with the original programs", allow_module_level=True
    )
STRATEGIES: dict[str, tuple[str, ...]] = {"replace": KUBEFEDS_OWN_WAY, "apply": ()}
"""The ways in which `sync` writes members, with their flags; only the first one is KubeFed's."""
TURNS = {"replace": "replace", "apply": "apply", "apply again": "apply"}
"""The syncs that follow the controllers, with their strategies."""
THEIRS = "the controllers"
NAMES = ("cluster0", "cluster1", "cluster2")
WRITES = ("POST", "PUT", "PATCH", "DELETE")
PATIENCE = 150.0
_EVERYWHERE_UNFIT = ", ".join(["CheckClusters", *(f"{n} ApplyOverridesFailed" for n in NAMES)])
IN_TROUBLE = {
    "ConfigMap/loose/unplaced": "NamespaceNotFederated",
    "ConfigMap/shop/missing": "CheckClusters, cluster0 ApplyOverridesFailed",
    "ConfigMap/shop/refused": "CheckClusters, cluster0 ManagedLabelFalse",
    "ConfigMap/shop/twice": _EVERYWHERE_UNFIT,
    "ConfigMap/shop/unreadable": "ComputePlacementFailed",
}
IN_TROUBLE_LATER = {
    **{name: words for name, words in IN_TROUBLE.items() if "missing" not in name},
    "ConfigMap/gone/inside": "NamespaceNotFederated",
    "Job/shop/once": ", ".join(["CheckClusters", *(f"{name} UpdateFailed" for name in NAMES)]),
}
RETAINED = [
    "[member Deployment/shop/scaled in cluster0][spec][replicas]: 2 != 7",
    "[member ReplicaSet/shop/set in cluster0][spec][replicas]: 2 != 6",
    "[member ServiceAccount/shop/robot in cluster0][metadata][annotations]: None != {'own': '1'}",
    "[member ServiceAccount/shop/robot in cluster0][secrets]: None != [{'name': 't'}]",
]


@dataclass
class Story:
    """What was written down of one fleet: after each act, and around the other tool's turn."""

    acts: dict[str, Snapshot] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    requests: dict[str, list[str]] = field(default_factory=dict)
    beside: Ran | None = None


@pytest.fixture(scope="module")
def fleet(control_plane_pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Clusters:
    """cluster0, cluster1 (the host, a member too) and cluster2."""
    folder = tmp_path_factory.mktemp("takeover")
    kubeconfig = control_plane_pool.kubeconfig(NAMES)
    env = make_environment(os.environ, kubeconfig=kubeconfig, home=folder)
    return Clusters(NAMES, kubeconfig, env, folder)


def _sync(fleet: Clusters, strategy: str) -> str:
    """Run a sync in which some objects fail, and return what it said."""
    ran = fleet.run("sync", "--v=6", *STRATEGIES[strategy], code=5)
    return ran.stdout + ran.stderr


def _record(fleet: Clusters) -> dict[str, Any]:
    return {
        "members": resource_versions(list_members(fleet)),
        "statuses": statuses(fleet),
        "snapshot": take_snapshot(fleet),
    }


def _await_start(fleet: Clusters) -> None:
    """Wait until the controllers run for every type, and have worked on an object made since."""
    configs = f"{CORE}/v1beta1/namespaces/{KNS}/federatedtypeconfigs"

    def runs() -> bool:
        found = [item.get("status", {}) for item in fleet.host.get(configs)["items"]]
        return all(status.get("propagationController") == "Running" for status in found)

    eventually(runs, seconds=PATIENCE)
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": MARKER}})
    for kind in KINDS:
        federate(fleet.host, kind, MARKER, namespace=MARKER, placement={"clusters": []})
    for kind in KINDS:
        path = federated_path(kind, MARKER, namespace=MARKER)
        eventually(partial(_has_status, fleet, path), seconds=PATIENCE)


def _has_status(fleet: Clusters, path: str) -> bool:
    return "status" in fleet.host.get(path)


def _live_ours(pool: Pool, fleet: Clusters, strategy: str) -> Story:
    """Let `sync` bring every act in step, then let the controllers take over."""
    pool.reset(NAMES)
    story = Story()
    for name, act in ACTS.items():
        act(fleet)
        _sync(fleet, strategy)
        story.acts[name] = take_snapshot(fleet)
    story.before = _record(fleet)
    with _original(fleet).controllers():
        _await_start(fleet)
    story.after[THEIRS] = _record(fleet)
    return story


def _live_theirs(pool: Pool, fleet: Clusters, goal: Story) -> Story:
    """Let the controllers bring every act in step, as *goal* has it, then let `sync` take over."""
    pool.reset(NAMES)
    story = Story()
    raised, *acts = ACTS.items()
    raised[1](fleet)
    with _original(fleet).controllers():
        story.acts[raised[0]] = _await_goal(fleet, goal.acts[raised[0]])
        for name, act in acts:
            act(fleet)
            story.acts[name] = _await_goal(fleet, goal.acts[name])
        story.beside = fleet.run("sync", "--lock", "fail", code=None)
    story.before = _record(fleet)
    for turn, strategy in TURNS.items():
        said = _sync(fleet, strategy)
        story.requests[turn] = [line for line in said.splitlines() if _is_write(line)]
        story.after[turn] = _record(fleet)
    return story


def _is_write(line: str) -> bool:
    """Tell whether a line of `--v=6` is of a write: `cluster0: PUT /api/... 200 in 5 ms`."""
    return line.split(" ")[1:2] in [[method] for method in WRITES]


def _await_goal(fleet: Clusters, goal: Snapshot) -> Snapshot:
    """Return how the fleet is when it is as *goal*, or when there is no more hope for it."""
    end = time.monotonic() + PATIENCE
    while differences(goal, found := take_snapshot(fleet)) and time.monotonic() < end:
        time.sleep(0.5)
    return found


def _original(fleet: Clusters) -> Original:
    assert FOLDER is not None  # or the module was skipped
    return Original(FOLDER, fleet)


@pytest.fixture(scope="module")
def ours(control_plane_pool: Pool, fleet: Clusters) -> Story:
    """What became of the federation that `sync` brought in step in KubeFed's own way."""
    return _live_ours(control_plane_pool, fleet, "replace")


@pytest.fixture(scope="module")
def ours_applied(control_plane_pool: Pool, fleet: Clusters) -> Story:
    """What became of the federation that `sync` brought in step as it does by default."""
    return _live_ours(control_plane_pool, fleet, "apply")


@pytest.fixture(scope="module")
def theirs(control_plane_pool: Pool, fleet: Clusters, ours: Story) -> Story:
    """What became of the federation that the controllers brought in step."""
    return _live_theirs(control_plane_pool, fleet, ours)


@pytest.mark.parametrize("act", ACTS)
def test_both_leave_the_same(ours: Story, theirs: Story, act: str) -> None:
    """Member objects, version objects and statuses are the same after each act."""
    assert [] == differences(ours.acts[act], theirs.acts[act])


def test_scenario_is_as_wide_as_it_says(theirs: Story) -> None:
    """Objects of all kinds, and everything that may go wrong with them, are in it."""
    federated = [name for name in theirs.acts["raised"] if name.startswith("federated ")]
    assert 20 <= len(federated)
    assert set(KINDS) == {name.split(" ")[1].split("/")[0] for name in federated}
    assert IN_TROUBLE == {name: _words(obj) for name, obj in _troubled(theirs.acts["raised"])}
    changed = {name: _words(obj) for name, obj in _troubled(theirs.acts["changed on the host"])}
    assert IN_TROUBLE_LATER == changed


def test_edits_in_members_are_undone_but_for_what_belongs_there(theirs: Story) -> None:
    """What the controllers leave after the edits is what was there before, and what is retained."""
    assert RETAINED == differences(theirs.acts["raised"], theirs.acts["edited in members"])
    assert [] == differences(theirs.acts["changed on the host"], theirs.acts["edited again"])


def test_sync_writes_nothing_after_the_controllers(theirs: Story) -> None:
    """No object changes; what members are asked is what they had refused the controllers, too."""
    assert [] == differences(theirs.before, theirs.after["replace"])
    assert [] == _accepted_writes(theirs, "replace")


def test_default_sync_writes_nothing_after_the_controllers(theirs: Story) -> None:
    """
    No object changes but for the owners of fields, and they once.

    It is the Job that members refuse in any case; all others are in step and are not looked into.
    """
    jobs = [f"[members][Job/shop/once in {name}]" for name in NAMES]
    changed = differences(theirs.before, theirs.after["apply"])
    assert jobs == [line.partition(":")[0] for line in changed]
    assert {"jobs/once"} == {line[-9:] for line in _accepted_writes(theirs, "apply")}
    assert [] == differences(theirs.after["apply"], theirs.after["apply again"])
    assert [] == _accepted_writes(theirs, "apply again")


def _accepted_writes(story: Story, turn: str) -> list[str]:
    """Return the paths that were written, but for KubeFed's own objects and events."""
    asked = [line.split(" ") for line in story.requests[turn]]
    paths = [path.partition("?")[0] for _, _, path, code, *_ in asked if code.startswith("2")]
    return [path for path in paths if f"/namespaces/{KNS}/" not in path and "/events" not in path]


def test_sync_beside_the_controllers_is_refused(theirs: Story) -> None:
    """S102: while they hold their lock, a sync does nothing, and says who holds it."""
    assert theirs.beside is not None
    assert (6, "") == (theirs.beside.code, theirs.beside.stdout)
    assert "kubefed-controller-manager" in theirs.beside.stderr


def test_controllers_write_nothing_after_a_sync(ours: Story) -> None:
    """No member object and no status changes while the controllers look at all of them."""
    assert [] == differences(ours.before, ours.after[THEIRS])


def test_controllers_after_a_default_sync_take_foreign_labels_off(ours_applied: Story) -> None:
    """
    Nothing else is written: foreign fields are left to whoever set them by a default sync.

    docs/compatibility.md tells it under "sync, instead of controllers".
    """
    changed = differences(ours_applied.before, ours_applied.after[THEIRS])
    adopted = "Deployment/shop/adopted in cluster0"
    label = f"[snapshot][member {adopted}][metadata][labels][alien]: 1 != None"
    assert [f"[members][{adopted}]", label.partition(":")[0]] == [
        line.partition(":")[0] for line in changed
    ]
    assert label == changed[-1]


def _troubled(found: Snapshot) -> Iterator[tuple[str, Any]]:
    for name, obj in found.items():
        if name.startswith("federated ") and obj["status"]["conditions"][0]["status"] != "True":
            yield name.removeprefix("federated "), obj


def _words(obj: Any) -> str:
    """Return the reason, and what is said of clusters that are not as they should be."""
    entries = [
        f"{entry['name']} {entry['status']}"
        for entry in obj["status"]["clusters"]
        if "status" in entry
    ]
    return ", ".join([obj["status"]["conditions"][0]["reason"], *entries])
