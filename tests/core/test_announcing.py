"""Tests of announcing: which Kubernetes events a sync leaves, in which words, under which names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.announcing import (
    announce_deletion,
    announce_misnamed,
    announce_object,
    announce_probe,
    announce_unheld,
    choose,
    count_again,
    make_event,
)
from kubefedctl.model.actions import ActionVerb, DeletionPlan, ObjectPlan, Settled
from kubefedctl.model.announcements import Announcement, Announcing, Deed
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import name_of, namespace_of
from kubefedctl.model.outcomes import ClusterOutcome, Probe, ProbeKind
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from tests.core.makers import CLUSTER_ROLE, NAMESPACE, make_federated

NOW = "2026-01-02T03:04:05Z"
WEB = make_federated({"template": {}}, key=Key("shop", "web"))
PLAN = ObjectPlan(WEB)
CREATED = [Deed(name, ActionVerb.CREATE, Verdict.CREATED) for name in ("c1", "c2")]


def _lines(found: Sequence[Announcement]) -> list[str]:
    return [f"{one.type} {one.reason} {one.message}" for one in found]


def _settle(status: PropagationStatus, detail: str = "no", found: Object | None = None) -> Settled:
    return Settled(ClusterOutcome(status), detail, found)


def _event(plan: ObjectPlan = PLAN, deeds: Sequence[Deed] = CREATED) -> Object:
    return make_event(announce_object(plan, deeds)[0], now=NOW)


# --- what was done -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "verdict", "expected"),
    [
        pytest.param(ActionVerb.CREATE, Verdict.CREATED, "CreateInCluster Creating", id="create"),
        pytest.param(ActionVerb.UPDATE, Verdict.UPDATED, "UpdateInCluster Updating", id="update"),
        pytest.param(ActionVerb.DELETE, Verdict.DELETED, "DeleteInCluster Deleting", id="delete"),
        pytest.param(ActionVerb.DELETE, Verdict.WAITING, "DeleteInCluster Deleting", id="held"),
        pytest.param(
            ActionVerb.UNLABEL,
            Verdict.UNLABELLED,
            "RemoveManagedLabelFromInCluster Removing managed label from",
            id="unlabel",
        ),
    ],
)
def test_operation_is_announced_in_the_words_of_kubefed(
    verb: ActionVerb, verdict: Verdict, expected: str
) -> None:
    """Reason, word, kind, object and cluster stand as KubeFed's controllers write them."""
    found = announce_object(PLAN, [Deed("c1", verb, verdict)])
    assert [f'Normal {expected} ConfigMap "shop/web" in cluster "c1"'] == _lines(found)


def test_operation_in_several_clusters_is_one_event() -> None:
    """The host is spared: one event names all clusters, sorted."""
    found = announce_object(PLAN, list(reversed(CREATED)))
    expected = 'Normal CreateInCluster Creating ConfigMap "shop/web" in cluster "c1", "c2"'
    assert [expected] == _lines(found)


def test_operation_on_a_cluster_scoped_object_names_no_namespace() -> None:
    """KubeFed's form of a name without namespace."""
    plan = ObjectPlan(make_federated({}, target=NAMESPACE, key=Key("shop", "shop")))
    (found,) = announce_object(plan, CREATED[:1])
    assert 'Creating Namespace "shop" in cluster "c1"' == found.message
    assert "federatednamespace-controller" == found.component


def test_operation_in_very_many_clusters_stays_readable() -> None:
    """The message names twenty of two hundred and counts the rest."""
    deeds = [Deed(f"c{n:03}", ActionVerb.CREATE, Verdict.CREATED) for n in range(200)]
    (found,) = announce_object(PLAN, deeds)
    assert found.message.endswith('"c018", "c019", and 180 more')


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(Deed("c1", ActionVerb.UPDATE, Verdict.UNCHANGED), id="found-the-same"),
        pytest.param(Deed("c1", ActionVerb.CREATE, Verdict.SKIPPED), id="halted-before"),
        pytest.param(Deed("c1", ActionVerb.AWAIT_REMOVAL, Verdict.WAITING), id="going"),
        pytest.param(Deed("c1", ActionVerb.AWAIT_REMOVAL, Verdict.DELETED), id="gone"),
    ],
)
def test_nothing_done_is_not_announced(deed: Deed) -> None:
    """Looking is no operation."""
    assert [] == announce_object(PLAN, [deed])


def test_object_in_step_is_not_announced() -> None:
    """S29: where nothing changed there is no event."""
    plan = replace(PLAN, settled={"c1": _settle(PropagationStatus.OK, "")})
    assert [] == announce_object(plan, [])


def test_adoption_is_announced_as_creation_warning_and_update() -> None:
    """What stood there before is worth a warning, as in KubeFed."""
    found = announce_object(PLAN, [Deed("c1", ActionVerb.CREATE, Verdict.ADOPTED)])
    assert [
        'Normal CreateInCluster Creating ConfigMap "shop/web" in cluster "c1"',
        'Warning CreateInClusterFailed Failed to create ConfigMap "shop/web" in cluster "c1": it'
        " stood there before; an update is tried instead",
        'Normal UpdateInCluster Updating ConfigMap "shop/web" in cluster "c1"',
    ] == _lines(found)


# --- what failed ---------------------------------------------------------------------------------


def test_failures_of_one_cause_are_one_warning() -> None:
    """Clusters with the same cause share an event; another cause has its own."""
    causes = {"c1": "422 Invalid", "c2": "409 Conflict", "c3": "422 Invalid"}
    deeds = [Deed(c, ActionVerb.UPDATE, Verdict.FAILED, cause) for c, cause in causes.items()]
    lead = 'Warning UpdateInClusterFailed Failed to update ConfigMap "shop/web" in cluster'
    assert [f'{lead} "c2": 409 Conflict', f'{lead} "c1", "c3": 422 Invalid'] == _lines(
        announce_object(PLAN, deeds)
    )


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        pytest.param(
            _settle(PropagationStatus.CLUSTER_NOT_READY),
            'ClusterNotReady Cluster not ready: "c1"',
            id="not-ready",
        ),
        pytest.param(
            _settle(PropagationStatus.CACHED_RETRIEVAL_FAILED, "403 Forbidden"),
            'CachedRetrievalFailed Failed to retrieve cached cluster object in cluster "c1": 403'
            " Forbidden",
            id="not-listed",
        ),
        pytest.param(
            _settle(PropagationStatus.APPLY_OVERRIDES_FAILED, "path /a appears twice"),
            'CreateInClusterFailed Failed to create ConfigMap "shop/web" in cluster "c1": path /a'
            " appears twice",
            id="S46-overrides",
        ),
        pytest.param(
            _settle(PropagationStatus.APPLY_OVERRIDES_FAILED, found={"kind": "ConfigMap"}),
            'UpdateInClusterFailed Failed to update ConfigMap "shop/web" in cluster "c1": no',
            id="S46-overrides-of-what-is-there",
        ),
        pytest.param(
            _settle(PropagationStatus.MANAGED_LABEL_FALSE),
            'UpdateInClusterFailed Failed to update ConfigMap "shop/web" in cluster "c1": no',
            id="refused-by-label",
        ),
    ],
)
def test_what_stood_in_the_way_is_a_warning(settled: Settled, expected: str) -> None:
    """KubeFed's reason for each status; the operation is the one that would have been done."""
    found = announce_object(replace(PLAN, settled={"c1": settled}), [])
    assert [f"Warning {expected}"] == _lines(found)


def test_clusters_that_are_not_ready_share_one_warning_whatever_the_cause() -> None:
    """KubeFed's text says no cause; two dead clusters are one event."""
    statuses = {n: _settle(PropagationStatus.CLUSTER_NOT_READY, f"cause {n}") for n in "ab"}
    found = announce_object(replace(PLAN, settled=statuses), [])
    assert ['Warning ClusterNotReady Cluster not ready: "a", "b"'] == _lines(found)


def test_placement_that_cannot_be_computed_is_the_only_warning() -> None:
    """S07: a selector that means nothing is told once, with its cause."""
    reason = AggregateReason.COMPUTE_PLACEMENT_FAILED
    found = announce_object(replace(PLAN, reason=reason, detail="operator Foo"), [])
    expected = "Warning ComputePlacementFailed Failed to compute placement: operator Foo"
    assert [expected] == _lines(found)


def _dropping(**metadata: Any) -> ObjectPlan:
    return ObjectPlan(make_federated({"template": {"metadata": metadata}}))


def test_template_fields_that_are_dropped_are_announced_when_it_is_written() -> None:
    """S27: a warning for annotations and one for finalizers, with KubeFed's reasons."""
    found = announce_object(_dropping(annotations={"a": "b"}, finalizers=["x"]), CREATED)
    assert ["AnnotationsNotSupported", "FinalizersNotSupported", "CreateInCluster"] == [
        one.reason for one in found
    ]
    assert "use an override" in found[0].message


def test_template_fields_that_are_dropped_are_not_announced_again() -> None:
    """S27, S29: a run that does nothing says nothing, KubeFed repeats it at every look."""
    assert [] == announce_object(_dropping(annotations={"a": "b"}), [])


def test_misnamed_namespace_is_a_warning() -> None:
    """S17: KubeFed's reason, on the FederatedNamespace."""
    found = announce_misnamed(make_federated({}, target=NAMESPACE, key=Key("b", "a")))
    assert ("InvalidName", True) == (found.reason, found.is_warning)


def test_finalizer_that_cannot_be_set_is_a_warning() -> None:
    """KubeFed's reason and words."""
    found = announce_unheld(WEB, "cannot patch it")
    expected = "Warning EnsureFinalizerError Failed to ensure finalizer: cannot patch it"
    assert [expected] == _lines([found])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(ProbeKind.OK, [], id="ok"),
        pytest.param(ProbeKind.NOT_OK, [], id="not-ok"),
        pytest.param(
            ProbeKind.UNREACHABLE,
            ["Warning RetrievingClusterHealthFailed Failed to retrieve health of the cluster: no"],
            id="unreachable",
        ),
        pytest.param(
            ProbeKind.MALFORMED,
            [
                "Warning MalformedClusterConfig The configuration for this cluster may be"
                " malformed: no"
            ],
            id="malformed",
        ),
    ],
)
def test_cluster_that_cannot_be_asked_is_a_warning(kind: ProbeKind, expected: list[str]) -> None:
    """One that answers, even without ok, is told by its conditions alone."""
    registered: Object = {"kind": "KubeFedCluster", "metadata": {"name": "c1"}}
    found = announce_probe(registered, Probe(kind, "no"))
    assert expected == _lines(found)
    assert all(one.component == "kubefedcluster-controller" for one in found)


# --- deletion ------------------------------------------------------------------------------------


def test_deletion_that_waits_names_the_clusters() -> None:
    """The one event that KubeFed has for an object that is being deleted."""
    deeds = [Deed(c, ActionVerb.DELETE, Verdict.WAITING) for c in ("c2", "c1")]
    found = announce_deletion(DeletionPlan(WEB), deeds)
    assert [
        "Normal WaitForRemovalInCluster Waiting for managed resources to be removed from the"
        " following clusters: c1, c2"
    ] == _lines(found)


@pytest.mark.parametrize("verdict", [Verdict.DELETED, Verdict.UNLABELLED, Verdict.FAILED], ids=str)
def test_deletion_that_is_done_or_failed_is_not_announced(verdict: Verdict) -> None:
    """KubeFed logs these."""
    deeds = [Deed("c1", ActionVerb.DELETE, verdict, "no")]
    waiting = [Deed("c2", ActionVerb.DELETE, Verdict.WAITING)] * (verdict is Verdict.FAILED)
    assert [] == announce_deletion(DeletionPlan(WEB), deeds + waiting)


# --- how many ------------------------------------------------------------------------------------


def _many() -> list[Announcement]:
    """150 clusters' worth of what was done, as many that are not ready, and one failure."""
    speakers = [make_federated({}, key=Key("shop", f"web-{n:03}")) for n in range(150)]
    settled = {"c1": _settle(PropagationStatus.CLUSTER_NOT_READY)}
    found = [
        one
        for federated in speakers
        for one in announce_object(ObjectPlan(federated, settled=settled), CREATED)
    ]
    failed = Deed("c1", ActionVerb.UPDATE, Verdict.FAILED, "no")
    return [*found, *announce_object(PLAN, [failed])]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        pytest.param(Announcing.ALL, (151, 150, 0), id="all"),
        pytest.param(Announcing.AUTO, (100, 100, 101), id="auto"),
        pytest.param(Announcing.WARNINGS, (151, 0, 0), id="warnings"),
        pytest.param(Announcing.NONE, (0, 0, 0), id="none"),
    ],
)
def test_events_are_chosen_as_asked(which: Announcing, expected: tuple[int, int, int]) -> None:
    """Warnings, others, and how many are left out."""
    chosen, left_out = choose(_many(), which)
    warnings = len([one for one in chosen if one.is_warning])
    assert expected == (warnings, len(chosen) - warnings, left_out)


def test_events_of_more_weight_go_first() -> None:
    """A failure is not crowded out by what a dead cluster misses."""
    chosen, _ = choose(_many(), Announcing.AUTO)
    assert "UpdateInClusterFailed" == chosen[0].reason


# --- the object ----------------------------------------------------------------------------------


def test_event_is_about_the_federated_object() -> None:
    """All that an API server and `kubectl describe` want to know, in the object's namespace."""
    event = _event()
    assert {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": "shop", "name": name_of(event)},
        "involvedObject": {
            "apiVersion": "types.kubefed.io/v1beta1",
            "kind": "FederatedConfigMap",
            "namespace": "shop",
            "name": "web",
            "uid": "u-1",
        },
        "reason": "CreateInCluster",
        "message": 'Creating ConfigMap "shop/web" in cluster "c1", "c2"',
        "source": {"component": "federatedconfigmap-controller"},
        "firstTimestamp": NOW,
        "lastTimestamp": NOW,
        "count": 1,
        "type": "Normal",
    } == event


def test_event_of_a_cluster_scoped_object_is_in_namespace_default() -> None:
    """There is nowhere else for it."""
    plan = ObjectPlan(make_federated({}, target=CLUSTER_ROLE, key=Key("", "reader")))
    event = _event(plan)
    assert ("default", False) == (namespace_of(event), "namespace" in event["involvedObject"])


def test_event_name_is_the_same_for_the_same_event_alone() -> None:
    """A repeated event is counted, another message is another event, a new object has its own."""
    again = name_of(make_event(announce_object(PLAN, CREATED)[0], now="2027-01-01T00:00:00Z"))
    assert again == name_of(_event())
    assert again.startswith("web.")
    renewed = replace(WEB, source={**WEB.source, "metadata": {"name": "web", "uid": "u-2"}})
    others = {name_of(_event(deeds=CREATED[:1])), name_of(_event(ObjectPlan(renewed)))}
    assert 2 == len(others - {again})


def test_event_name_of_a_long_object_is_short_enough() -> None:
    """An object's name may have 253 characters, and so may the event's."""
    name = name_of(_event(ObjectPlan(make_federated({}, key=Key("shop", "w" * 253)))))
    assert len(name) <= 253


def test_event_message_has_an_end() -> None:
    """What a cluster says may be long; events are not."""
    deeds = [Deed("c1", ActionVerb.CREATE, Verdict.FAILED, "x" * 5000)]
    assert 1024 == len(_event(deeds=deeds)["message"])


@pytest.mark.parametrize("count", [None, "many", -1, 0, 1], ids=str)
def test_counting_an_event_that_says_no_number_starts_at_two(count: object) -> None:
    """Somebody else may have written anything."""
    expected = {"count": 2, "lastTimestamp": NOW}
    assert expected == count_again({} if count is None else {"count": count}, now=NOW)
