"""Tests of reporting: what a federated object says of its propagation, and when it is written."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from kubefedctl.core.reporting import LARGEST_OBJECT, is_too_large, next_status
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from tests.core.makers import make_federated

THEN = "2024-01-01T00:00:00Z"
NOW = "2024-01-02T00:00:00Z"
OK = ClusterOutcome()
UPDATED = ClusterOutcome(was_updated=True)
NOT_READY = ClusterOutcome(PropagationStatus.CLUSTER_NOT_READY)


def _condition(reason: str = "", *, update: str = THEN, transition: str = THEN) -> Object:
    condition = {
        "type": "Propagation",
        "status": "False" if reason else "True",
        "lastUpdateTime": update,
        "lastTransitionTime": transition,
    }
    return {**condition, "reason": reason} if reason else condition


def _status(*clusters: Object, condition: Object | None = None, generation: int = 1) -> Object:
    status: Object = {
        "observedGeneration": generation,
        "conditions": [condition or _condition()],
    }
    return {**status, "clusters": list(clusters)} if clusters else status


def _next(
    recorded: Object | None,
    outcomes: Mapping[str, ClusterOutcome],
    *,
    reason: AggregateReason = AggregateReason.SUCCESS,
    generation: int = 1,
    collects_status: bool = False,
    unseen: frozenset[str] = frozenset(),
) -> Object | None:
    return next_status(
        make_federated(status=recorded, generation=generation),
        outcomes=outcomes,
        reason=reason,
        now=NOW,
        collects_status=collects_status,
        unseen=unseen,
    )


C1 = {"name": "c1"}
C2 = {"name": "c2"}
FRESH = _condition(update=NOW, transition=NOW)
REMOTE = {"readyReplicas": 1, "conditions": [{"ok": True}]}


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(
            _next(None, {"c2": OK, "c1": OK}),
            _status(C1, C2, condition=FRESH),
            id="S71-first-pass-sorted",
        ),
        pytest.param(_next(None, {}), _status(condition=FRESH), id="S02-placed-nowhere"),
        pytest.param(
            _next(None, {"c1": OK, "c2": NOT_READY}),
            _status(
                C1,
                {"name": "c2", "status": "ClusterNotReady"},
                condition=_condition("CheckClusters", update=NOW, transition=NOW),
            ),
            id="S19-not-ready",
        ),
        pytest.param(
            _next(_status(C1), {"c1": OK, "c2": OK}),
            _status(C1, C2, condition=_condition(update=NOW)),
            id="S73-cluster-added",
        ),
        pytest.param(
            _next(_status(C1, C2), {"c1": OK}),
            _status(C1, condition=_condition(update=NOW)),
            id="S73-cluster-removed",
        ),
        pytest.param(
            _next(_status(C1), {"c2": OK}),
            _status(C2, condition=_condition(update=NOW)),
            id="S73-one-cluster-for-another",
        ),
        pytest.param(
            _next(_status(C1), {"c1": ClusterOutcome(PropagationStatus.WAITING_FOR_REMOVAL)}),
            _status(
                {"name": "c1", "status": "WaitingForRemoval"},
                condition=_condition("CheckClusters", update=NOW, transition=NOW),
            ),
            id="S73-cluster-changed",
        ),
        pytest.param(
            _next(_status(C1), {"c1": OK}, generation=2),
            _status(C1, generation=2),
            id="S74-generation-only",
        ),
        pytest.param(
            _next(_status(C1), {}, reason=AggregateReason.NAMESPACE_NOT_FEDERATED),
            _status(condition=_condition("NamespaceNotFederated", update=NOW, transition=NOW)),
            id="S75-namespace-not-federated",
        ),
        pytest.param(
            _next(
                None,
                {"c1": ClusterOutcome(PropagationStatus.WAITING_FOR_REMOVAL)},
                reason=AggregateReason.NAMESPACE_NOT_FEDERATED,
            ),
            _status(
                {"name": "c1", "status": "WaitingForRemoval"},
                condition=_condition("NamespaceNotFederated", update=NOW, transition=NOW),
            ),
            id="S13-reason-beats-check-clusters",
        ),
        pytest.param(
            _next(_status(C1), {}, reason=AggregateReason.COMPUTE_PLACEMENT_FAILED),
            _status(condition=_condition("ComputePlacementFailed", update=NOW, transition=NOW)),
            id="S07-placement-failed",
        ),
        pytest.param(
            _next(None, {}, generation=0),
            {"conditions": [FRESH]},
            id="no-generation",
        ),
        pytest.param(
            _next({"conditions": [{"type": "Other"}]}, {}),
            {"observedGeneration": 1, "conditions": [{"type": "Other"}, FRESH]},
            id="other-conditions-stay",
        ),
        pytest.param(
            _next(
                _status(C1, condition={"type": "Propagation", "status": "True"}),
                {"c1": OK, "c2": OK},
            ),
            _status(
                C1, C2, condition={"type": "Propagation", "status": "True", "lastUpdateTime": NOW}
            ),
            id="no-transition-time-recorded",
        ),
    ],
)
def test_next_status_of_changed_outcomes(actual: Object | None, expected: Object) -> None:
    """The status tells the outcomes; each time moves for its own reason only."""
    assert expected == actual


@pytest.mark.parametrize(
    ("recorded", "outcomes", "options"),
    [
        pytest.param(_status(C1, C2), {"c1": OK, "c2": OK}, {}, id="S72-stable"),
        pytest.param(_status(C2, C1), {"c1": OK, "c2": OK}, {}, id="other-order"),
        pytest.param(
            _status({"name": "c1", "status": ""}), {"c1": OK}, {}, id="empty-status-is-none"
        ),
        pytest.param(_status(C1), {"c1": UPDATED}, {}, id="update-alone-is-not-written"),
        pytest.param(
            _status(C1), {"c1": ClusterOutcome(remote_status=REMOTE)}, {}, id="collection-is-off"
        ),
        pytest.param(
            _status({**C1, "remoteStatus": REMOTE}),
            {"c1": ClusterOutcome(remote_status=copy.deepcopy(REMOTE))},
            {"collects_status": True},
            id="S76-equal-remote-status",
        ),
        pytest.param(
            _status({**C1, "remoteStatus": {"n": 1}}),
            {"c1": ClusterOutcome(remote_status={"n": 1.0})},
            {"collects_status": True},
            id="S77-numbers",
        ),
        pytest.param(
            _status(C1, condition=_condition("CheckClusters")),
            {"c1": OK},
            {"collects_status": True},
            id="type-without-status",
        ),
    ],
)
def test_next_status_of_unchanged_outcomes_is_none(
    recorded: Object, outcomes: dict[str, ClusterOutcome], options: dict[str, Any]
) -> None:
    """S29: a status that would say the same again is not written."""
    assert _next(recorded, outcomes, **options) is None


@pytest.mark.parametrize(
    ("recorded", "outcome", "expected"),
    [
        pytest.param(
            _status(C1),
            ClusterOutcome(remote_status=REMOTE),
            _status({**C1, "remoteStatus": REMOTE}, condition=_condition(update=NOW)),
            id="S76-missing",
        ),
        pytest.param(
            _status({**C1, "remoteStatus": {"readyReplicas": 0}}),
            ClusterOutcome(remote_status=REMOTE),
            _status({**C1, "remoteStatus": REMOTE}, condition=_condition(update=NOW)),
            id="S76-different",
        ),
        pytest.param(
            _status({**C1, "remoteStatus": {"a": [1]}}),
            ClusterOutcome(remote_status={"a": [1, 2]}),
            _status({**C1, "remoteStatus": {"a": [1, 2]}}, condition=_condition(update=NOW)),
            id="S76-longer-list",
        ),
        pytest.param(
            _status({**C1, "remoteStatus": {"a": 1}}),
            ClusterOutcome(remote_status={"a": True}),
            _status({**C1, "remoteStatus": {"a": True}}, condition=_condition(update=NOW)),
            id="S77-true-is-not-one",
        ),
        pytest.param(
            _status(C1),
            OK,
            _status(C1, condition=_condition("CheckClusters", update=NOW, transition=NOW)),
            id="S76-none-found",
        ),
        pytest.param(
            _status({**C1, "remoteStatus": REMOTE}),
            ClusterOutcome(remote_status=REMOTE, was_updated=True),
            _status({**C1, "remoteStatus": REMOTE}, condition=_condition(update=NOW)),
            id="update-moves-the-time",
        ),
    ],
)
def test_next_status_with_collected_statuses(
    recorded: Object, outcome: ClusterOutcome, expected: Object
) -> None:
    """Where statuses are collected, they are part of what is told and compared."""
    assert expected == _next(recorded, {"c1": outcome}, collects_status=True)


FAILED = {"name": "c2", "status": "UpdateFailed"}
AMISS = _condition("CheckClusters")
C2_UNSEEN = frozenset({"c2"})


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(
            _next(_status(C1, C2), {"c1": OK}, generation=2, unseen=C2_UNSEEN),
            None,
            id="same-at-an-older-generation",
        ),
        pytest.param(
            _next(_status(C2), {"c1": OK}, generation=2, unseen=C2_UNSEEN),
            _status(C1, C2, condition=_condition(update=NOW)),
            id="merged-and-sorted",
        ),
        pytest.param(
            _next(_status(FAILED, condition=AMISS), {"c1": OK}, unseen=C2_UNSEEN),
            _status(C1, FAILED, condition=_condition("CheckClusters", update=NOW)),
            id="entry-of-an-unseen-cluster-counts",
        ),
        pytest.param(
            _next(_status(C1, FAILED, condition=AMISS), {}, unseen=C2_UNSEEN),
            _status(FAILED, condition=_condition("CheckClusters", update=NOW)),
            id="seen-and-gone",
        ),
        pytest.param(
            _next(_status(C1, C2, {"name": "c9"}), {"c1": OK}, unseen=C2_UNSEEN),
            _status(C1, C2, condition=_condition(update=NOW)),
            id="unregistered-is-forgotten",
        ),
        pytest.param(
            _next(None, {"c1": OK}, unseen=C2_UNSEEN),
            {"conditions": [FRESH], "clusters": [C1]},
            id="first-pass-propagates-no-generation",
        ),
        pytest.param(
            _next(
                _status({"name": "c2", "remoteStatus": REMOTE}, C1),
                {"c1": ClusterOutcome(remote_status=REMOTE)},
                collects_status=True,
                unseen=C2_UNSEEN,
            ),
            _status(
                {"name": "c1", "remoteStatus": REMOTE},
                {"name": "c2", "remoteStatus": REMOTE},
                condition=_condition(update=NOW),
            ),
            id="remote-status-is-kept",
        ),
        pytest.param(
            _next(
                _status(C2),
                {"c1": ClusterOutcome(remote_status=REMOTE)},
                collects_status=True,
                unseen=C2_UNSEEN,
            ),
            _status(
                {"name": "c1", "remoteStatus": REMOTE},
                C2,
                condition=_condition("CheckClusters", update=NOW, transition=NOW),
            ),
            id="remote-status-that-is-missing-counts",
        ),
    ],
)
def test_next_status_keeps_what_is_recorded_of_unseen_clusters(
    actual: Object | None, expected: Object | None
) -> None:
    """Their entries stay, count for the reason, and hold back the observedGeneration."""
    assert expected == actual


def test_next_status_empty_remote_status_is_one() -> None:
    """S78: an object that was just created says nothing yet, which is not the same as no status."""
    expected = _status({**C1, "remoteStatus": {}}, condition=FRESH)
    outcomes = {"c1": ClusterOutcome(remote_status={})}
    assert expected == _next(None, outcomes, collects_status=True)


@pytest.mark.parametrize(
    ("size", "expected"), [(LARGEST_OBJECT - 500, False), (LARGEST_OBJECT, True)]
)
def test_is_too_large_counts_the_object_with_all_remote_statuses(size: int, expected: bool) -> None:
    """What is recorded now does not count, as it is replaced."""
    federated = make_federated({"template": {}}, status={"clusters": ["x" * LARGEST_OBJECT]})
    half = ClusterOutcome(remote_status={"x": "y" * (size // 2)})
    assert expected is is_too_large(federated, {"c1": half, "c2": half, "c3": OK})
