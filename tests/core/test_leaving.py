"""Tests of what becomes of propagated objects when their member leaves."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.leaving import Fate, plan_leaving, question_of
from kubefedctl.model.actions import ActionVerb, Wave
from kubefedctl.model.objects import MANAGED_LABEL
from kubefedctl.model.refs import Object, Resource
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, NAMESPACE, make_type_config

KNS = "kube-federation-system"
LABELLED = {MANAGED_LABEL: "true"}


def _object(name: str, *, namespace: str = "", **metadata: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    own = {"name": name, "uid": f"u-{name}", "resourceVersion": "7", "labels": LABELLED}
    return {"metadata": {**own, **place, **metadata}}


def _verbs(target: Resource, found: Object, fate: Fate = Fate.PURGED) -> list[ActionVerb]:
    actions = plan_leaving(
        make_type_config(target),
        [found],
        fate=fate,
        cluster="c1",
        kubefed_namespace=KNS,
        host_namespace_uids={"u-hosts"},
    )
    return [action.verb for action in actions]


@pytest.mark.parametrize(
    ("target", "found", "verb"),
    [
        pytest.param(CONFIG_MAP, _object("a", namespace="shop"), ActionVerb.DELETE, id="plain"),
        pytest.param(CONFIG_MAP, _object("a", namespace=KNS), ActionVerb.DELETE, id="in-kubefed"),
        pytest.param(CLUSTER_ROLE, _object("a"), ActionVerb.DELETE, id="cluster-scoped"),
        pytest.param(CLUSTER_ROLE, _object("kube-system"), ActionVerb.DELETE, id="only-a-name"),
        pytest.param(NAMESPACE, _object("shop"), ActionVerb.DELETE, id="namespace"),
        pytest.param(NAMESPACE, _object("hosts"), ActionVerb.UNLABEL, id="namespace-of-host"),
        pytest.param(NAMESPACE, _object("default"), ActionVerb.UNLABEL, id="standing-namespace"),
        pytest.param(
            NAMESPACE, _object("kube-node-lease"), ActionVerb.UNLABEL, id="standing-leases"
        ),
        pytest.param(CONFIG_MAP, _object("a", labels={}), None, id="no-label"),
        pytest.param(
            CONFIG_MAP, _object("a", labels={MANAGED_LABEL: "no"}), None, id="other-value"
        ),
        pytest.param(CONFIG_MAP, _object("a", deletionTimestamp="t"), None, id="being-deleted"),
        pytest.param(CONFIG_MAP, _object("a", namespace="kube-system"), None, id="in-kube-system"),
        pytest.param(NAMESPACE, _object("kube-system"), None, id="kube-system"),
        pytest.param(NAMESPACE, _object(KNS), None, id="kubefed-namespace"),
    ],
)
def test_leaving_purge_and_orphan_touch_the_same_objects(
    target: Resource, found: Object, verb: ActionVerb | None
) -> None:
    """Orphaning unlabels whatever purging deletes or unlabels, and nothing else."""
    assert ([] if verb is None else [verb]) == _verbs(target, found)
    assert ([] if verb is None else [ActionVerb.UNLABEL]) == _verbs(target, found, Fate.ORPHANED)
    assert [] == _verbs(target, found, Fate.LEFT)


def test_leaving_deletion_names_the_uid_that_was_seen() -> None:
    """An object made since under the same name is not hit."""
    (action,) = plan_leaving(
        make_type_config(NAMESPACE),
        [_object("shop")],
        fate=Fate.PURGED,
        cluster="c1",
        kubefed_namespace=KNS,
    )
    assert action.body is not None
    assert ({"uid": "u-shop"}, Wave.DELETE_NAMESPACES) == (
        action.body["preconditions"],
        action.wave,
    )


def test_leaving_question_counts_deletions_and_names_namespaces() -> None:
    """Whoever says yes knows that a namespace takes its contents along."""
    actions = [
        action
        for target, found in (
            (CONFIG_MAP, _object("a", namespace="shop")),
            (NAMESPACE, _object("shop")),
            (NAMESPACE, _object("default")),
        )
        for action in plan_leaving(
            make_type_config(target),
            [found],
            fate=Fate.PURGED,
            cluster="c1",
            kubefed_namespace=KNS,
        )
    ]
    asked = "delete 2 propagated objects in cluster c1, with all that the namespaces shop hold?"
    assert asked == question_of(actions, cluster="c1")
    assert "delete 1 propagated object in cluster c1?" == question_of(actions[:1], cluster="c1")
    assert "" == question_of(actions[2:], cluster="c1")
