"""Tests of which clusters hold up a deletion: those that are known to matter, or all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.planning import plan_sync
from kubefedctl.model.actions import DeletionPlan
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.objects import ORPHAN_ANNOTATION
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import PROPAGATED_VERSIONS
from tests.core.federations import (
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    not_ready,
    observe,
    reading,
)

NOWHERE: Object = {"placement": {"clusters": []}}
ON_C2: Object = {"placement": {"clusters": [{"name": "c2"}]}}
ON_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}
BROKEN: Object = {"placement": "broken"}
IN_STATUS: Object = {"clusters": [{"name": "c1"}, {"name": "c2", "status": "WaitingForRemoval"}]}
WRITTEN: Object = {
    "status": {
        "templateVersion": "x",
        "clusterVersions": [{"clusterName": "c2", "version": "rv:1"}],
    }
}


def _going(
    spec: Any, status: Object | None = None, annotations: Object | None = None
) -> FederatedObject:
    made = federate(spec, metadata={**TERMINATING, "annotations": annotations or {}})
    return replace(made, source={**made.source, "status": status or {}})


def _plan(federated: FederatedObject, c2: Any, **more: Any) -> DeletionPlan:
    given = {"namespaces": {"shop": federated_namespace("shop")}, **more}
    [found] = plan_sync(desire([federated], **given), observe(c1=[], c2=c2)).deletions
    return found


def _statuses(plan: DeletionPlan) -> dict[str, str]:
    return {name: found.outcome.status.value for name, found in plan.settled.items()}


_KNOWN = {PROPAGATED_VERSIONS: {Key("shop", "configmap-web"): WRITTEN}}
_ALL = {"deletion_scope": DeletionScope.ALL}


@pytest.mark.parametrize(
    ("spec", "status", "more", "holds_up"),
    [
        pytest.param(NOWHERE, None, {}, False, id="never-had-it"),
        pytest.param(ON_C1, None, {}, False, id="placed-elsewhere"),
        pytest.param(ON_C2, None, {}, True, id="placed"),
        pytest.param(None, None, {}, True, id="placed-by-selector"),
        pytest.param(NOWHERE, IN_STATUS, {}, True, id="in-status"),
        pytest.param(NOWHERE, {"clusters": [7, {}]}, {}, False, id="odd-status"),
        pytest.param(NOWHERE, None, {"versions": _KNOWN}, True, id="in-version-object"),
        pytest.param(BROKEN, None, {}, True, id="placement-not-computable"),
        pytest.param(None, None, {"namespaces": {}}, False, id="namespace-gone"),
        pytest.param(None, IN_STATUS, {"namespaces": {}}, True, id="namespace-gone-in-status"),
        pytest.param(
            None,
            None,
            {"namespaces": {"shop": federated_namespace("shop", NOWHERE)}},
            False,
            id="namespace-shrunk",
        ),
        pytest.param(NOWHERE, None, _ALL, True, id="scope-all"),
    ],
)
@pytest.mark.parametrize(
    ("c2", "word"),
    [
        pytest.param(not_ready("c2"), "ClusterNotReady", id="dead"),
        pytest.param(
            reading("c2", failures={"configmaps": "403"}), "CachedRetrievalFailed", id="unreadable"
        ),
    ],
)
@pytest.mark.parametrize("annotations", [{}, {ORPHAN_ANNOTATION: "true"}], ids=["", "orphaned"])
def test_deletion_is_held_up_by_clusters_that_may_hold_something(
    spec: Any,
    status: Object | None,
    more: dict[str, Any],
    holds_up: bool,
    c2: Any,
    word: str,
    annotations: Object,
) -> None:
    """A cluster that cannot be asked counts if placement, status or versions name it (S67)."""
    plan = _plan(_going(spec, status, annotations), c2, **more)
    assert ({"c2": word} if holds_up else {}, not holds_up) == (_statuses(plan), plan.may_finish)


def test_deletion_takes_what_is_found_in_a_cluster_that_nothing_names() -> None:
    """A labelled object goes wherever it is found."""
    plan = _plan(_going(NOWHERE), [member_object()])
    assert (["c2"], True) == ([action.cluster for action in plan.actions], plan.may_finish)


def test_deletion_forgets_clusters_that_are_not_joined_any_more() -> None:
    """What an unregistered cluster holds stays there, and holds up nothing (S21)."""
    plan = _plan(_going(ON_C2, IN_STATUS), not_ready("c2"), clusters=("c1",), versions=_KNOWN)
    assert plan.may_finish
