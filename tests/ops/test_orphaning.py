"""Tests of `orphaning-deletion`: the annotation, what is said of it, and what else may be there."""

from __future__ import annotations

import pytest

from kubefedctl.core.orphaning import without_orphaning
from kubefedctl.errors import ConflictError, InputError, NotFoundError
from kubefedctl.model.objects import ORPHAN_ANNOTATION, SYNC_FINALIZER
from kubefedctl.model.refs import Key, Object
from kubefedctl.ops.orphaning import OrphaningOptions, set_orphaning, show_orphaning
from tests.core.makers import CONFIG_MAP, DEPLOYMENT
from tests.fakes import MemoryCluster
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    WEB,
    error,
    federate,
    make_fleet,
    make_host,
    place,
    served,
    steps,
    told,
    words,
)

OPTIONS = OrphaningOptions("federatedconfigmaps", "web", "shop")
ORPHANED = {ORPHAN_ANNOTATION: "true"}


@pytest.fixture
def host() -> MemoryCluster:
    """A host that serves FederatedConfigMaps and ConfigMaps."""
    host = make_host(members=())
    host.discovery = served(CONFIG_MAP, DEPLOYMENT, FEDERATED_CONFIG_MAPS)  # type: ignore[attr-defined]
    return host


def change(
    host: MemoryCluster, *, wanted: bool, options: OrphaningOptions = OPTIONS
) -> tuple[list[str], list[str], Exception | None]:
    """Return results, talk and the failure of a change."""
    events, failure = told(set_orphaning(make_fleet(host), options, wanted=wanted))
    results = [getattr(event, "text", "") for event in events if type(event).__name__ == "Line"]
    return [*results, *words(events)], steps(events), failure


def status(host: MemoryCluster, options: OrphaningOptions = OPTIONS) -> list[str]:
    events, failure = told(show_orphaning(make_fleet(host), options))
    assert None is failure
    return [getattr(event, "text", "") for event in events]


def stored(host: MemoryCluster) -> Object:
    found = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert found is not None
    return found


def test_enable_sets_the_annotation_and_says_nothing_on_stdout(host: MemoryCluster) -> None:
    """Everything else of the object stays."""
    before = federate(host, annotations={"a": "b"})
    talk = "orphaning deletion of FederatedConfigMap/shop/web in cluster host is enabled"
    assert ([], [talk], None) == change(host, wanted=True)
    assert {"a": "b", **ORPHANED} == stored(host)["metadata"]["annotations"]
    assert before["spec"] == stored(host)["spec"]
    assert [SYNC_FINALIZER] == stored(host)["metadata"]["finalizers"]


@pytest.mark.parametrize("wanted", [True, False], ids=["enable", "disable"])
def test_change_twice_writes_once(host: MemoryCluster, wanted: bool) -> None:
    """The second time there is nothing to do."""
    federate(host, annotations={} if wanted else ORPHANED)
    change(host, wanted=wanted)
    assert 1 == len(host.writes())
    _, talk, _ = change(host, wanted=wanted)
    assert talk[0].endswith(" already")
    assert 1 == len(host.writes())


@pytest.mark.parametrize("others", [{}, {"a": "b"}], ids=["alone", "with-others"])
def test_disable_removes_the_annotation_alone(host: MemoryCluster, others: Object) -> None:
    """No empty map is left behind."""
    federate(host, annotations={**others, **ORPHANED})
    change(host, wanted=False)
    assert others == stored(host)["metadata"].get("annotations", {})
    assert ("annotations" in stored(host)["metadata"]) is bool(others)


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [({}, "Disabled"), (ORPHANED, "Enabled"), ({ORPHAN_ANNOTATION: "True"}, "Disabled")],
    ids=["none", "true", "capital"],
)
def test_status_is_enabled_for_the_text_true_only(
    host: MemoryCluster, annotations: Object, expected: str
) -> None:
    """As KubeFed's controller reads it."""
    federate(host, annotations=annotations)
    assert [expected] == status(host)
    assert [] == host.writes()


def test_another_value_counts_as_disabled_and_is_left() -> None:
    """As in the original."""
    assert None is without_orphaning({"metadata": {"annotations": {ORPHAN_ANNOTATION: "yes"}}})


def test_change_of_what_is_not_federated_warns_and_goes_on(host: MemoryCluster) -> None:
    """The original warns on standard output, without looking at type configs."""
    host.add(CONFIG_MAP, {"metadata": place(WEB)})
    results, _, failure = change(host, wanted=True, options=OrphaningOptions("cm", "web", "shop"))
    assert None is failure
    assert ["Warning: configmaps/v1 might not be a federated resource"] == results


def test_change_after_conflicts_is_tried_again(host: MemoryCluster) -> None:
    """Somebody else's write in between is kept."""
    federate(host)

    def meddle(cluster: MemoryCluster) -> None:
        metadata = {**stored(cluster)["metadata"], "labels": {"l": "1"}}
        cluster.alter(FEDERATED_CONFIG_MAPS, WEB, metadata=metadata)

    host.before_next("update", meddle)
    _, _, failure = change(host, wanted=True)
    assert None is failure
    metadata = stored(host)["metadata"]
    assert ({"l": "1"}, ORPHANED) == (metadata["labels"], metadata["annotations"])


def test_change_that_always_conflicts_fails(host: MemoryCluster) -> None:
    """There is an end to it."""
    federate(host)
    host.fail_next("update", error(ConflictError, 409), times=9)
    _, _, failure = change(host, wanted=True)
    assert isinstance(failure, ConflictError)


@pytest.mark.parametrize("wanted", [True, False], ids=["to-change", "nothing-to-do"])
def test_dry_run_writes_nothing(host: MemoryCluster, wanted: bool) -> None:
    """The original did write; here what would be changed is told."""
    federate(host)
    options = OrphaningOptions("federatedconfigmaps", "web", "shop", is_dry_run=True)
    results, _, _ = change(host, wanted=wanted, options=options)
    expected = ["updated FederatedConfigMap/shop/web in host (dry run)"] if wanted else []
    assert expected == results
    assert [] == host.writes()


def test_namespace_is_default_where_nothing_says_otherwise(host: MemoryCluster) -> None:
    """Neither -n nor the context names one."""
    federate(host, Key("default", "web"), annotations=ORPHANED)
    assert ["Enabled"] == status(host, OrphaningOptions("federatedconfigmaps", "web"))


def test_missing_object_and_unknown_type_are_errors(host: MemoryCluster) -> None:
    """Nothing is written."""
    assert isinstance(change(host, wanted=True)[2], NotFoundError)
    options = OrphaningOptions("nonsense", "web")
    assert isinstance(change(host, wanted=True, options=options)[2], InputError)
    assert [] == host.writes()
